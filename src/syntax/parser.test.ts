import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBytes, type NixError, ParseError, SourceFile } from '../diagnostics/index.ts';
import { checkScopes, type ParsedFile, parse, printExpr } from './index.ts';

function parseText(text: string, pipeOperators = false): ParsedFile {
  const source = new SourceFile({ kind: 'string', basePath: '/base' }, encodeBytes(text));
  return parse(source, { basePath: '/base', homeDir: '/home/u', pipeOperators });
}

function printed(text: string): string {
  return printExpr(parseText(text).root);
}

function failureOf(text: string, names: readonly string[] = []): NixError {
  try {
    checkScopes(parseText(text), new Set(names));
  } catch (error) {
    assert.ok(error instanceof ParseError);
    return error;
  }
  assert.fail(`'${text}' was accepted`);
}

/** Each row: what is shown, source, printed form. */
const trees: readonly (readonly [name: string, source: string, tree: string])[] = [
  ['arithmetic binds and prints as calls', '1 + 2 - 3 * 4 / 5', '(__sub (1 + 2) (__div (__mul 3 4) 5))'],
  ['comparisons turn round', 'a <= 1 && b >= c', '((! (__lessThan 1 a)) && (! (__lessThan b c)))'],
  [
    'update, implication and concat go to the right',
    'a -> b // c // d ++ e ++ f',
    '(a -> (b // (c // (d ++ (e ++ f)))))',
  ],
  ['negation is tighter than has-attribute', '-a ? b', '(((__sub 0 a)) ? b)'],
  ['not is looser than plus', '! a + b', '(! (a + b))'],
  ['not in the middle takes what follows', 'a * ! b + c', '(__mul a (! (b + c)))'],
  ['application gathers arguments', 'f a (g b) c', '(f a (g b) c)'],
  ['parenthesised calls grow', '(f a) b', '(f a b)'],
  ['select with default', 'a.b.c or d e', '((a).b.c or (d) e)'],
  ['or as a name', '[ f or ] ++ { or = a.or; }.or', '([ ((f or)) ] ++ ({ or = (a).or; }).or)'],
  ['path and name', 'a/b', '/base/a/b'],
  ['dotted path', 'a.b/c', '/base/a.b/c'],
  ['division needs blanks', 'a / b', '(__div a b)'],
  ['path canonicalised', '../x/./y', '/x/y'],
  ['path with interpolation', './a/${b}c/d.${e}', '(/base/a/ + b + "c/d." + e)'],
  ['doubled slash before an interpolation', '/a//b${c}', '(/a/ + "/b" + c)'],
  ['home path', '~/x', '/home/u/x'],
  ['search path', '<nixpkgs/lib>', '(__findFile __nixPath "nixpkgs/lib")'],
  ['not a search path', 'a <b', '(__lessThan a b)'],
  ['URI', '[ x:x http://a.b/c?d=e ]', '[ ("x:x") ("http://a.b/c?d=e") ]'],
  ['lambda needs a blank after its colon', 'x: x', '(x: x)'],
  ['floats', '[ 1. .5 0.25 1.5e3 1.0e-7 123456789.0 ]', '[ (1) (0.5) (0.25) (1500) (1e-07) (1.23457e+08) ]'],
  ['float tie rounds to even', '100000.5', '100000'],
  ['number after name', 'a.b.5', '((a).b 0.5)'],
  ['integer then float', '00.5', '(0 0.5)'],
  ['largest integer', '9223372036854775807', '9223372036854775807'],
  ['string escapes', '"a\\n\\${b}$${c}$\\x\\""', '"a\\n\\${b}$\\${c}$x\\""'],
  ['carriage returns', '"a\r\nb\rc"', '"a\\nb\\nc"'],
  ['interpolation', '"a${b}c${"d"}"', '("a" + b + "c" + "d")'],
  ['indented string', "''\n    a\n      b\n  ''", '"a\\n  b\\n"'],
  ['indented escapes', "''a''${b}'''c''\\td''", '("a" + "$" + "{b}" + "\'\'" + "c" + "\\t" + "d")'],
  ['indented with interpolation', "''\n  ${a}\n    b''", '(a + "\\n  b")'],
  ['blank indented string', "''\n  ''", '""'],
  [
    'nested attribute paths merge',
    '{ a.b = 1; a.c.d = 2; a = { e = 3; }; }',
    '{ a = { b = 1; c = { d = 2; }; e = 3; }; }',
  ],
  ['later rec is lost', '{ a = { b = 1; }; a = rec { c = b; }; }', '{ a = { b = 1; c = b; }; }'],
  [
    'merged inherit from',
    '{ a = { inherit (x) b; }; a = { inherit (y) c; }; }',
    '{ a = { inherit (x) b; inherit (y) c; }; }',
  ],
  [
    'dynamic attributes',
    '{ ${a} = 1; "${b}c".d = 2; ${"e"} = 3; }',
    '{ e = 3; "${a}" = 1; "${(b + "c")}" = { d = 2; }; }',
  ],
  ['quoted names', '{ "a b" = 1; "if" = 2; "" = 3; }', '{ "" = 3; "a b" = 1; "if" = 2; }'],
  ['legacy let', 'let { a = 1; body = a; }', '(rec { a = 1; body = a; }).body'],
  ['formals', 'a@{ c, b ? 1, ... }: a', '({ b ? 1, c, ... } @ a: a)'],
  ['formals with a comma at the end', '{ a, }: a', '({ a }: a)'],
  ['empty formals', '{ }@a: a', '({  } @ a: a)'],
  [
    'tails nest',
    'a: with b; assert c; if d then e else let f = 1; in f',
    '(a: (with b; assert c; (if d then e else (let f = 1; in f))))',
  ],
  ['position', '__curPos', '__curPos'],
  ['comments', '/* a */ 1 # b\n/** c */ + /**/ 2', '(1 + 2)'],
  ['NUL ends the input', '1\0 )', '1'],
];

for (const [name, source, tree] of trees) {
  test(`parse: ${name}`, () => assert.equal(printed(source), tree));
}

/** Each row: source, message, line:column. */
const failures: readonly (readonly [source: string, message: string, place: string])[] = [
  ['', 'syntax error, unexpected end of file', '1:1'],
  ['{ a = 1 }', "syntax error, unexpected '}', expecting ';'", '1:9'],
  ['{ a = 1; b }', "syntax error, unexpected '}', expecting '.' or '='", '1:12'],
  ['{ a b }', "syntax error, unexpected identifier, expecting '.' or '='", '1:5'],
  ['[ 1 ', 'syntax error, unexpected end of file', '1:5'],
  ['(1', "syntax error, unexpected end of file, expecting ')'", '1:3'],
  ['1 == 2 == 3', "syntax error, unexpected '=='", '1:8'],
  ['1 < 2 > 3', "syntax error, unexpected '>'", '1:7'],
  ['f -', 'syntax error, unexpected end of file', '1:4'],
  ['"a${b"', "syntax error, unexpected end of file, expecting '\"'", '1:7'],
  [
    "''a",
    "syntax error, unexpected end of file, expecting indented string or '${' or end of an indented string",
    '1:4',
  ],
  ['let a = 1; 2', "syntax error, unexpected integer, expecting 'in' or 'inherit'", '1:12'],
  ['a: b: ^', 'syntax error, unexpected invalid token', '1:7'],
  [
    '1 |> f',
    "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features pipe-operators' to enable it",
    '1:3',
  ],
  ['9223372036854775808', "invalid integer '9223372036854775808'", '1:1'],
  ['1.0e999', "invalid float '1.0e999'", '1:1'],
  ['./a/', 'path has a trailing slash', '1:1'],
  ['./a/ b', 'path has a trailing slash', '1:5'],
  ['{ a = 1; a = 2; }', "attribute 'a' already defined at \u00c2\u00abstring\u00c2\u00bb:1:3", '1:10'],
  [
    '{ a.b = 1; a.b.c = 2; }',
    "attribute 'a.b' already defined at \u00c2\u00abstring\u00c2\u00bb:1:3",
    '1:12',
  ],
  ['{ a, b, a }: a', "duplicate formal function argument 'a'", '1:9'],
  ['a@{ a }: a', "duplicate formal function argument 'a'", '1:1'],
  ['{ a, a }: (', 'syntax error, unexpected end of file', '1:12'],
  ['let ${"a" + "b"} = 1; in 1', 'dynamic attributes not allowed in let', '1:1'],
  ['{ inherit ${"a" + "b"}; }', 'dynamic attributes not allowed in inherit', '1:11'],
  [
    '"a\0b"',
    "input string 'a\u00e2\u0090\u0080b' cannot be represented as Nix string because it contains null bytes",
    '1:2',
  ],
  ['let a = b; in c', "undefined variable 'b'", '1:9'],
  ['rec { inherit a; }', "undefined variable 'a'", '1:15'],
];

for (const [source, message, place] of failures) {
  test(`refused: ${JSON.stringify(source)}`, () => {
    const error = failureOf(source);
    const { line, column } = error.pos!.source.lineColumn(error.pos!.offset);
    assert.equal(error.message, message);
    assert.equal(`${line}:${column}`, place);
  });
}

test('undefined variables come with near names', () => {
  assert.equal(failureOf('let colour = 1; in color', ['builtins']).hint, "did you mean 'colour'?");
});

test('scopes: with, rec, let, formals, defaults', () => {
  const text =
    'a@{ b ? c, c }: let d = e; e = a; in rec { x = y; y = d; inherit (z) q; z = b; } // (with b; any)';
  checkScopes(parseText(text), new Set());
});

test('pipe operators are calls', () => {
  assert.equal(printExpr(parseText('a |> f |> g 1', true).root), '(g 1 (f a))');
  assert.equal(printExpr(parseText('g 1 <| f <| a', true).root), '(g 1 (f a))');
});

test('or as an argument warns', () => {
  const { warnings } = parseText('f x or y');
  assert.equal(warnings?.length, 1);
  assert.match(warnings![0].message, /^at .*:1:3: This expression uses `or` as an identifier/);
});

test('lambdas know their names and doc comments', () => {
  const root = parseText('{ /** doc */ f = a: b: a; }').root;
  assert.equal(root.kind, 'attrs');
  const outer = root.attrs[0].value;
  assert.equal(outer.kind, 'lambda');
  assert.deepEqual(
    [outer.name, outer.docPos, outer.body.kind === 'lambda' && outer.body.name],
    ['f', 2, 'f'],
  );
});

/** Each row nests one construct a million times. */
const nestings: readonly (readonly [name: string, open: string, close: string])[] = [
  ['parentheses', '(', ')'],
  ['lists', '[', ']'],
  ['attribute sets', '{a=', ';}'],
  ['strings', '"${', '}"'],
  ['selections', 'a.b or ', ''],
  ['dynamic attributes', '{${', '}=1;}'],
];

for (const [name, open, close] of nestings) {
  test(`a million nested ${name} are one clear error`, () => {
    const text = `${open.repeat(1_000_000)}1${close.repeat(1_000_000)}`;
    assert.match(failureOf(text).message, /^stack overflow; the expression is nested too deeply$/);
  });
}

/** Each row is long but not nested: these must parse. */
const chains: readonly (readonly [name: string, piece: string, end: string])[] = [
  ['functions', 'x: ', '1'],
  ['lets', 'let x = 1; in ', 'x'],
  ['sums', '1 + ', '1'],
  ['concatenations', '[] ++ ', '[]'],
  ['conditions', 'if 1 then 1 else ', '1'],
  ['negations', '! ', '1'],
  ['arguments', 'f ', 'f'],
];

for (const [name, piece, end] of chains) {
  test(`200,000 ${name} in a row parse`, () => {
    const file = parseText(`f: ${piece.repeat(200_000)}${end}`);
    checkScopes(file, new Set());
    assert.ok(printExpr(file.root).length > 200_000);
  });
}
