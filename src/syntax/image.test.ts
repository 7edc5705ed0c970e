import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NixError, SourceFile } from '../diagnostics/index.ts';
import { readTreeImage } from './image-reader.ts';
import { writeTreeImage } from './image-writer.ts';
import { parse } from './parser.ts';
import { freeNames } from './scope.ts';

const repository = join(import.meta.dirname, '../..');

/** Every field of every node that the types name, whether it is a getter or not. */
function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  const fields = node as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const name of fieldNames[String(fields['kind'])] ?? fieldNames['other']) {
    const value = fields[name];
    if (value !== undefined) result[name] = plain(value);
  }
  return result;
}

const fieldNames: Record<string, readonly string[]> = {
  int: ['kind', 'pos', 'value'],
  float: ['kind', 'pos', 'value'],
  string: ['kind', 'pos', 'value'],
  path: ['kind', 'pos', 'value'],
  searchPath: ['kind', 'pos', 'value'],
  var: ['kind', 'pos', 'name'],
  curPos: ['kind', 'pos'],
  concat: ['kind', 'pos', 'isPath', 'parts', 'positions'],
  select: ['kind', 'pos', 'subject', 'path', 'fallback'],
  hasAttr: ['kind', 'pos', 'subject', 'path'],
  attrs: ['kind', 'pos', 'recursive', 'attrs', 'dynamicAttrs', 'inheritFrom'],
  list: ['kind', 'pos', 'items'],
  lambda: ['kind', 'pos', 'arg', 'formals', 'body', 'name', 'docPos'],
  call: ['kind', 'pos', 'fn', 'args'],
  let: ['kind', 'pos', 'attrs', 'body'],
  with: ['kind', 'pos', 'scope', 'body'],
  if: ['kind', 'pos', 'condition', 'then', 'else'],
  assert: ['kind', 'pos', 'condition', 'body'],
  not: ['kind', 'pos', 'operand'],
  negate: ['kind', 'pos', 'operand'],
  binary: ['kind', 'pos', 'operator', 'left', 'right', 'leftPos', 'rightPos'],
  other: ['name', 'pos', 'value', 'source', 'fromIndex', 'expr', 'fallback', 'list', 'ellipsis'],
};

function parsed(text: string) {
  const source = new SourceFile({ kind: 'string', basePath: '/base' }, text);
  return parse(source, { basePath: '/base', homeDir: '/home/x' });
}

function throughImage(text: string) {
  const file = parsed(text);
  const image = writeTreeImage(file.root, freeNames(file));
  const read = readTreeImage(image, (start, end) =>
    Buffer.from(image.subarray(start, end)).toString('latin1'),
  );
  assert.ok(read !== undefined);
  return { original: plain(file.root), read: plain(read.root), free: read.freeNames };
}

const texts = [
  '[ 1 0 9223372036854775807 9007199254740993 1.5 1e300 0.1 ]',
  '"a${x}b${"c"}" + \'\'\n  two ${y}\n  lines\'\'',
  './a/${x}/b + /abs + ~/h + <nixpkgs/lib> + https://example.org/x',
  'a.b."c".${d} or e.f or (g ? h."i".${j})',
  '{ a = 1; b.c.d = 2; inherit x y; inherit (z) u v; ${w} = 3; "k" = 4; }',
  'rec { __overrides = { }; f = x: y: { a, b ? c, ... } @ args: a; }',
  'let a = 1; inherit (b) c; in with d; if a then b else assert c; e',
  'let { body = x; x = 1; }',
  '!a && -b || c -> d == e || (f != g && h < i) || j <= k',
  '[ (a > b) (a >= c) ] ++ e // f + g - h * i / j',
  '{ } @ args: ({ ... }: __curPos) [ ] { }',
  '/** doc */ x: /* none */ x',
  '"\\u00fc \xff \\n"',
];

for (const text of texts) {
  test(`the image of ${JSON.stringify(text.slice(0, 40))} is the tree`, () => {
    let image: ReturnType<typeof throughImage>;
    try {
      image = throughImage(text);
    } catch (error) {
      if (error instanceof NixError) assert.fail(`${error.message}: ${text}`);
      throw error;
    }
    assert.deepEqual(image.read, image.original);
  });
}

test('the images of the distribution are its trees', () => {
  const root = join(repository, 'distribution');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.nix'),
  );
  assert.ok(files.length > 50);
  for (const file of files) {
    const { read, original } = throughImage(readFileSync(join(root, file), 'latin1'));
    assert.deepEqual(read, original, file);
  }
});

test('free names are those that no binding of the file has, unless a with may have them', () => {
  assert.deepEqual(throughImage('x: let y = x; in y + z (with w; v) builtins.z').free, [
    'builtins',
    'w',
    'z',
  ]);
});

test('what is no image is refused', () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(24), new Uint8Array(100).fill(255)])
    assert.equal(
      readTreeImage(bytes, () => ''),
      undefined,
    );
});
