/** Lexer, parser and syntax tree of the Nix language. Imports only diagnostics. */
export type * from './ast.ts';
/** Text to tree. */
export { canonicalPath, type LintLevel, type Lints, type ParseOptions, parse } from './parser.ts';
/** Tree to the text that `nix-instantiate --parse` prints, and its pieces. */
export { formatFloat, printAttrPath, printExpr, printName, printString } from './print.ts';
/** The check for unbound variables. */
export { checkScopes, type StaticNames } from './scope.ts';
