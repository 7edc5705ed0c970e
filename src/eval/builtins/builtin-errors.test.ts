/**
 * Failing calls of builtins: the first line of the final message, recorded from C++ Nix 2.26.3 with
 * `nix-instantiate --eval --strict --read-write-mode -E EXPRESSION` (where Firn says more, its own).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIo } from '../../../tests/support/memory-io.ts';
import { decodeBytes, NixError } from '../../diagnostics/index.ts';
import { EvalSession } from '../session.ts';

const failures: Readonly<Record<string, readonly (readonly [expression: string, message: string])[]>> = {
  json: [
    [
      'builtins.fromJSON ""',
      '[json.exception.parse_error.101] parse error at line 1, column 1: attempting to parse an empty input; check that your input string or stream contains the expected JSON',
    ],
    [
      'builtins.fromJSON "{"',
      '[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing object key - unexpected end of input; expected string literal',
    ],
    [
      'builtins.fromJSON "[1,]"',
      "[json.exception.parse_error.101] parse error at line 1, column 4: syntax error while parsing value - unexpected ']'; expected '[', '{', or a literal",
    ],
    [
      'builtins.fromJSON "1 2"',
      '[json.exception.parse_error.101] parse error at line 1, column 3: syntax error while parsing value - unexpected number literal; expected end of input',
    ],
    [
      'builtins.fromJSON "nul"',
      "[json.exception.parse_error.101] parse error at line 1, column 4: syntax error while parsing value - invalid literal; last read: 'nul'",
    ],
    [
      'builtins.fromJSON "\\"\\\\x\\""',
      "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error while parsing value - invalid string: forbidden character after backslash; last read: '\"\\x'",
    ],
    [
      'builtins.fromJSON "{\\"a\\" 1}"',
      "[json.exception.parse_error.101] parse error at line 1, column 6: syntax error while parsing object separator - unexpected number literal; expected ':'",
    ],
    [
      'builtins.fromJSON "\\"\\t\\""',
      "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - invalid string: control character U+0009 (HT) must be escaped to \\u0009 or \\t; last read: '\"<U+0009>'",
    ],
    ['builtins.fromJSON 1', 'expected a string but found an integer: 1'],
    ['builtins.toJSON (x: x)', 'cannot convert a function to JSON'],
    ['builtins.toJSON { a = [ (x: x) ]; }', 'cannot convert a function to JSON'],
    ['builtins.toJSON (throw "inner")', 'inner'],
  ],
  toml: [
    ['builtins.fromTOML "a = "', 'while parsing TOML: [error] bad format: unknown value appeared'],
    [
      'builtins.fromTOML "a = 1\\na = 2"',
      'while parsing TOML: [error] toml::insert_value: failed to insert a value, value already exists',
    ],
    [
      'builtins.fromTOML "[a]\\n[a]"',
      'while parsing TOML: [error] toml::insert_value: failed to insert a table, table already defined',
    ],
    ['builtins.fromTOML "a = 1979-05-27"', 'while parsing TOML: Dates and times are not supported'],
    ['builtins.fromTOML 1', 'expected a string but found an integer: 1'],
  ],
  xml: [['builtins.toXML (throw "inner")', 'inner']],
  'add-path': [
    ['builtins.path { }', "missing required 'path' attribute in the first argument to 'builtins.path'"],
    ['builtins.path { path = ./.; unknown = 1; }', "unsupported argument 'unknown' to 'builtins.path'"],
    ['builtins.path { path = "relative"; }', "string 'relative' doesn't represent an absolute path"],
    ['builtins.path { path = /nonexistent-file; }', "path '/nonexistent-file' does not exist"],
    ['builtins.path { path = ./.; name = 1; }', 'expected a string but found an integer: 1'],
    ['builtins.path { path = ./.; filter = 1; }', 'expected a function but found an integer: 1'],
    [
      'builtins.toFile "a" "${derivation { name = "d"; system = "s"; builder = "b"; }}"',
      'files created by builtins.toFile may not reference derivations, but a references !out!9m3vsva6r393zgjc1g7ncynv7cvdx6sj-d.drv',
    ],
    [
      'builtins.toFile "a b" "text"',
      "path 'pssqhih2kb0dcqjfnpws4jzwzzhfri0v-a b' is not a valid store path: name 'a b' contains illegal character ' '",
    ],
    ['builtins.filterSource 1 ./.', 'expected a function but found an integer: 1'],
  ],
  context: [
    [
      'builtins.appendContext "x" { "/nowhere" = { path = true; }; }',
      'context key \'"/nowhere"\' is not a store path',
    ],
    ['builtins.appendContext 1 { }', 'expected a string but found an integer: 1'],
    ['builtins.getContext 1', 'expected a string but found an integer: 1'],
    [
      'builtins.addDrvOutputDependencies "x"',
      "context of string 'x' must have exactly one element, but has 0",
    ],
    ['builtins.unsafeDiscardStringContext { }', 'cannot coerce a set to a string: { }'],
  ],
  derivation: [
    ['derivation { }', "attribute 'name' missing"],
    ['(derivation { name = "a"; }).drvPath', "required attribute 'builder' missing"],
    ['(derivation { name = "a"; builder = "b"; }).drvPath', "required attribute 'system' missing"],
    [
      '(derivation { name = "a.drv"; builder = "b"; system = "s"; }).drvPath',
      "derivation names are allowed to end in '.drv' only if they produce a single derivation file",
    ],
    [
      '(derivation { name = "a b"; builder = "b"; system = "s"; }).drvPath',
      "invalid derivation name: name 'a b' contains illegal character ' '. Please pass a different 'name'.",
    ],
    [
      '(derivation { name = "a"; builder = "b"; system = "s"; x = y: y; }).drvPath',
      'cannot coerce a function to a string: «lambda x @ «string»:1:60»',
    ],
    [
      '(derivation { name = "a"; builder = "b"; system = "s"; outputs = [ ]; }).drvPath',
      "the attribute 'outputs' of a derivation is an empty list",
    ],
    [
      '(derivation { name = "a"; builder = "b"; system = "s"; outputs = [ "a" "a" ]; }).drvPath',
      "duplicate derivation output 'a'",
    ],
    [
      '(derivation { name = "a"; builder = "b"; system = "s"; outputHash = "xyz"; outputHashAlgo = "sha256"; }).drvPath',
      "hash 'xyz' has wrong length for hash algorithm 'sha256'",
    ],
    [
      '(derivation { name = "a"; builder = "b"; system = "s"; outputHashMode = "odd"; outputHash = ""; }).drvPath',
      "invalid value 'odd' for 'outputHashMode' attribute",
    ],
    ['builtins.derivationStrict 1', 'expected a set but found an integer: 1'],
  ],
};

/** The final message of evaluating a text wholly. */
function messageOf(text: string): string {
  const session = EvalSession.create(new MemoryIo({ '/memory/file': 'contents' }));
  try {
    session.forceDeep(
      session.evalString({ text, origin: { kind: 'string', basePath: '/memory' }, basePath: '/memory' }),
    );
  } catch (error) {
    if (error instanceof NixError) return decodeBytes(error.message).split('\n')[0];
    throw error;
  }
  return 'no error';
}

for (const [family, rows] of Object.entries(failures)) {
  describe(family, () => {
    for (const [expression, message] of rows)
      test(expression, () => assert.equal(messageOf(expression), message));
  });
}
