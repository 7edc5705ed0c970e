/**
 * The errors of the syntax part, one factory per condition. The messages are C++ Nix's, to the letter: scripts
 * and people search for them.
 */
import { ParseError, type SourceFile } from '../diagnostics/index.ts';

function failure(
  code: string,
  source: SourceFile,
  offset: number,
  message: string,
  hint?: string,
): ParseError {
  return new ParseError(message, { code, pos: { source, offset }, hint });
}

export function invalidInteger(source: SourceFile, offset: number, digits: string): ParseError {
  return failure(
    'invalid-integer',
    source,
    offset,
    `invalid integer '${digits}'`,
    'integers are signed 64-bit numbers',
  );
}

export function invalidFloat(source: SourceFile, offset: number, digits: string): ParseError {
  return failure('invalid-float', source, offset, `invalid float '${digits}'`);
}

export function pipesDisabled(source: SourceFile, offset: number): ParseError {
  const feature = 'pipe-operators';
  return failure(
    'experimental-feature',
    source,
    offset,
    `experimental Nix feature '${feature}' is disabled; add '--extra-experimental-features ${feature}' to enable it`,
  );
}

/** `text` holds NUL bytes, shown as the symbol for NUL (UTF-8 bytes). */
export function nullBytes(source: SourceFile, offset: number, text: string): ParseError {
  const shown = text.replaceAll('\0', '\u00e2\u0090\u0080');
  return failure(
    'null-bytes',
    source,
    offset,
    `input string '${shown}' cannot be represented as Nix string because it contains null bytes`,
  );
}

export function trailingSlash(source: SourceFile, offset: number): ParseError {
  return failure(
    'trailing-slash',
    source,
    offset,
    'path has a trailing slash',
    "leave the '/' at the end out",
  );
}

export function homePathInPureMode(source: SourceFile, offset: number, literal: string): ParseError {
  return failure('pure-mode', source, offset, `the path '${literal}' can not be resolved in pure mode`);
}

export function duplicateAttribute(
  source: SourceFile,
  offset: number,
  path: string,
  previousOffset: number,
): ParseError {
  const { line, column } = source.lineColumn(previousOffset);
  return failure(
    'duplicate-attribute',
    source,
    offset,
    `attribute '${path}' already defined at ${source.displayName}:${line}:${column}`,
  );
}

export function duplicateFormal(source: SourceFile, offset: number, name: string): ParseError {
  return failure('duplicate-formal', source, offset, `duplicate formal function argument '${name}'`);
}

export function dynamicInLet(source: SourceFile, offset: number): ParseError {
  return failure('dynamic-attribute', source, offset, 'dynamic attributes not allowed in let');
}

export function dynamicInInherit(source: SourceFile, offset: number): ParseError {
  return failure('dynamic-attribute', source, offset, 'dynamic attributes not allowed in inherit');
}

export function syntaxError(source: SourceFile, offset: number, details: string): ParseError {
  return failure('syntax', source, offset, `syntax error, ${details}`);
}

export function tooDeep(source: SourceFile, offset: number): ParseError {
  return failure(
    'stack-overflow',
    source,
    offset,
    'stack overflow; the expression is nested too deeply',
    'split the expression, or name its inner parts with let',
  );
}

export function undefinedVariable(
  source: SourceFile,
  offset: number,
  name: string,
  near: readonly string[],
): ParseError {
  const quoted = near.map((candidate) => `'${candidate}'`);
  const list = quoted.length > 1 ? `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}` : quoted[0];
  return failure(
    'undefined-variable',
    source,
    offset,
    `undefined variable '${name}'`,
    list && `did you mean ${list}?`,
  );
}

/** A lint that is set to `fatal`; `message` as the warning has it. */
export function lintError(source: SourceFile, offset: number, message: string): ParseError {
  return failure('lint', source, offset, message);
}
