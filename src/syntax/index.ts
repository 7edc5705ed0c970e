/** Lexer, parser and syntax tree of the Nix language. Imports only diagnostics. */
export type * from './ast.ts';
/** Trees as bytes, for caches. */
export { readTreeImage, type TreeFromImage } from './image-reader.ts';
export { writeTreeImage } from './image-writer.ts';
/** Text to tree. */
export { canonicalPath, type LintLevel, type Lints, type ParseOptions, parse } from './parser.ts';
/** Tree to the text that `nix-instantiate --parse` prints, and its pieces. */
export { formatFloat, printAttrPath, printExpr, printName, printString } from './print.ts';
/** The check for unbound variables. */
export { checkScopes, freeNames, type StaticNames } from './scope.ts';
