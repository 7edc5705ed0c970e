/** The NAR reader and writer: canonical both ways at any chunking, and every rule of the format enforced. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NixError } from '../diagnostics/index.ts';
import {
  bytesFromString,
  formatNar,
  NAR_MAX_DEPTH,
  type NarEvent,
  NarListingBuilder,
  type NarNode,
  NarReader,
  NarWriter,
  parseNar,
  stringFromBytes,
} from './index.ts';

/** Records with the ordinary prototype, so that deep equality means what it says. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });
const contents = fc.uint8Array({ maxLength: 40 });
const name = fc
  .uint8Array({ minLength: 1, maxLength: 6 })
  .map(stringFromBytes)
  .filter((text) => text !== '.' && text !== '..' && !/[/\0]/.test(text));
const { tree } = fc.letrec<{ tree: NarNode }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    record({ kind: fc.constant('file' as const), executable: fc.boolean(), contents }),
    record({ kind: fc.constant('symlink' as const), target: name }),
    record({
      kind: fc.constant('directory' as const),
      entries: fc
        .uniqueArray(fc.tuple(name, tie('tree')), { maxLength: 4, selector: ([n]) => n })
        .map((entries) => new Map(entries.sort((a, b) => (a[0] < b[0] ? -1 : 1)))),
    }),
  ),
}));

/** Strings of an archive, encoded. */
function encode(...strings: string[]): Uint8Array {
  const parts = strings.map((text) => {
    const part = new Uint8Array(8 + Math.ceil(text.length / 8) * 8);
    new DataView(part.buffer).setBigUint64(0, BigInt(text.length), true);
    part.set(bytesFromString(text), 8);
    return part;
  });
  return new Uint8Array(Buffer.concat(parts));
}

const MAGIC = 'nix-archive-1';
const file = (text: string) => ['(', 'type', 'regular', 'contents', text, ')'];
const entry = (entryName: string, node: string[]) => ['entry', '(', 'name', entryName, 'node', ...node, ')'];
const directory = (...entries: string[][]) => ['(', 'type', 'directory', ...entries.flat(), ')'];
const link = (target: string) => ['(', 'type', 'symlink', 'target', target, ')'];

describe('round trips', () => {
  test('a tree and its archive', () => {
    fc.assert(fc.property(tree, (node) => assert.deepEqual(parseNar(formatNar(node)), node)));
  });
  test('chunk boundaries do not show', () => {
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.integer({ min: 1, max: 50 })), (node, sizes) => {
        const archive = formatNar(node);
        const whole = collect(new NarReader().push(archive));
        const reader = new NarReader();
        const pieces: NarEvent[] = [];
        for (let at = 0; at < archive.length; ) {
          const size = sizes.next().value;
          // Views are valid until the next push only, so they are copied.
          for (const event of reader.push(archive.slice(at, at + size))) pieces.push(copyEvent(event));
          at += size;
        }
        reader.end();
        assert.equal(reader.offset, archive.length);
        assert.deepEqual(collect(pieces), whole);
      }),
    );
  });
  test('what follows the archive is handed back', () => {
    const archive = formatNar({ kind: 'symlink', target: 'x' });
    const reader = new NarReader();
    const { events, unread } = reader.pushSome(Buffer.concat([archive, Buffer.from('rest')]));
    assert.deepEqual(events, [{ kind: 'symlink', name: '', target: 'x' }]);
    assert.equal(Buffer.from(unread).toString(), 'rest');
    assert.ok(reader.done);
  });
  test('what is accepted is canonical: any changed byte is refused or gives another tree', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.integer({ min: 1, max: 255 }), (node, at, flip) => {
        const archive = formatNar(node);
        archive[at % archive.length] ^= flip;
        let parsed: NarNode;
        try {
          parsed = parseNar(archive);
        } catch (error) {
          assert.ok(error instanceof NixError && error.code === 'bad-archive', String(error));
          return;
        }
        assert.deepEqual(formatNar(parsed), archive);
      }),
      { numRuns: 500 },
    );
  });
  test('every cut is refused', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (node, at) => {
        const archive = formatNar(node);
        const cut = archive.subarray(0, at % archive.length);
        assert.throws(() => parseNar(cut), { code: 'bad-archive' });
      }),
    );
  });
});

describe('the reader refuses', () => {
  const cases: [what: string, archive: Uint8Array, message: RegExp][] = [
    ['what is no archive', encode('nix-archive-2'), /doesn't look like a Nix archive \(at byte 0\)/],
    ['a text', bytesFromString('hello, this is no archive'), /doesn't look like a Nix archive \(at byte 0\)/],
    [
      'unsorted entries',
      encode(MAGIC, ...directory(entry('b', file('')), entry('a', file('')))),
      /not sorted \(at byte \d+\)/,
    ],
    [
      'a name twice',
      encode(MAGIC, ...directory(entry('b', file('')), entry('b', file('')))),
      /contains 'b' twice/,
    ],
    ['the name "."', encode(MAGIC, ...directory(entry('.', file('')))), /invalid file name '\.'/],
    ['the name ".."', encode(MAGIC, ...directory(entry('..', file('')))), /invalid file name '\.\.'/],
    ['a name with a slash', encode(MAGIC, ...directory(entry('a/b', file('')))), /invalid file name 'a\/b'/],
    ['an empty name', encode(MAGIC, ...directory(entry('', file('')))), /invalid file name ''/],
    ['a name with NUL', encode(MAGIC, ...directory(entry('a\0b', file('')))), /invalid file name/],
    [
      'a name of 256 bytes',
      encode(MAGIC, ...directory(entry('x'.repeat(256), file('')))),
      /string is too long/,
    ],
    ['an empty link target', encode(MAGIC, ...link('')), /invalid symlink target/],
    ['a link target with NUL', encode(MAGIC, ...link('a\0')), /invalid symlink target/],
    ['a link target of 4096 bytes', encode(MAGIC, ...link('x'.repeat(4096))), /string is too long/],
    [
      'an entry below a link',
      encode(MAGIC, '(', 'type', 'symlink', 'target', 'x', 'entry'),
      /expected tag '\)', got 'entry'/,
    ],
    [
      'executable after the contents',
      encode(MAGIC, '(', 'type', 'regular', 'contents', '', 'executable', '', ')'),
      /expected tag '\)', got 'executable'/,
    ],
    [
      'executable twice',
      encode(MAGIC, '(', 'type', 'regular', 'executable', '', 'executable', '', 'contents', '', ')'),
      /expected tag 'contents', got 'executable'/,
    ],
    [
      'executable with a value',
      encode(MAGIC, '(', 'type', 'regular', 'executable', 'x', 'contents', '', ')'),
      /string is too long/,
    ],
    [
      'a second type',
      encode(MAGIC, '(', 'type', 'regular', 'type', 'regular'),
      /expected tag 'contents', got 'type'/,
    ],
    ['an unknown type', encode(MAGIC, '(', 'type', 'fifo', ')'), /unknown file type 'fifo'/],
    [
      'bytes after the end',
      Buffer.concat([encode(MAGIC, ...file('x')), new Uint8Array(8)]),
      /bytes after the end/,
    ],
    [
      'a file without contents',
      encode(MAGIC, '(', 'type', 'regular', ')'),
      /expected tag 'contents', got '\)'/,
    ],
  ];
  for (const [what, archive, message] of cases) {
    test(what, () => assert.throws(() => parseNar(archive), { message, code: 'bad-archive' }));
  }
  test('with the position of the offending item', () => {
    const before = encode(MAGIC, '(', 'type', 'directory', ...entry('b', file('')), 'entry', '(', 'name');
    const archive = Buffer.concat([before, encode('a')]);
    assert.throws(() => parseNar(archive), {
      message: `bad archive: NAR directory is not sorted (at byte ${before.length})`,
    });
  });
  test('non-zero padding, of a string and of contents', () => {
    const archive = encode(MAGIC, ...file('abc'));
    for (let at = 0; at < archive.length; at++) {
      if (archive[at] !== 0) continue;
      const changed = archive.slice();
      changed[at] = 1;
      assert.throws(() => parseNar(changed), { code: 'bad-archive' }, `byte ${at}`);
    }
  });
  test('a length of 2^40 and of 2^63, without reserving memory', () => {
    for (const [byte, value] of [
      [5, 1],
      [7, 0x80],
    ]) {
      const archive = encode(MAGIC, '(', 'type', 'regular', 'contents', '', ')');
      const header = encode(MAGIC, '(', 'type', 'regular', 'contents').length;
      archive[header + byte] = value;
      assert.throws(() => parseNar(archive), { code: 'bad-archive' });
    }
  });
  test('depth 65, at the position of the name, and accepts depth 64', () => {
    const nested = (depth: number): string[] =>
      depth === 1 ? directory() : directory(entry('d', nested(depth - 1)));
    assert.ok(parseNar(encode(MAGIC, ...nested(NAR_MAX_DEPTH))));
    assert.throws(() => parseNar(encode(MAGIC, ...nested(NAR_MAX_DEPTH + 1))), {
      message: /nesting exceeds maximum depth of 64 \(at byte \d+ in entry 'd\/d\//,
    });
  });
  test('naming the entry', () => {
    const archive = encode(
      MAGIC,
      ...directory(entry('a', file('')), entry('b', directory(entry('c', ['(', 'type', 'x'])))),
    );
    assert.throws(() => parseNar(archive), { message: /in entry 'b\/c'\)$/ });
  });
});

describe('the writer refuses', () => {
  const writer = () => new NarWriter(() => {});
  test('entries out of order', () => {
    const w = writer();
    w.directory();
    w.entry('b');
    w.symlink('x');
    assert.throws(() => w.entry('a'), { message: "entry 'a' is not after 'b'" });
    assert.throws(() => w.entry('b'), { code: 'cannot-archive' });
  });
  test('a file that grew or shrank', () => {
    const w = writer();
    w.file(2, false);
    assert.throws(() => w.endFile(2), { message: /shorter than announced/ });
    assert.throws(() => w.contents(new Uint8Array(3)), { message: /longer than announced/ });
  });
  test('more than 64 levels', () => {
    const w = writer();
    for (let i = 0; i < NAR_MAX_DEPTH; i++) {
      if (i > 0) w.entry('d');
      w.directory();
    }
    assert.throws(() => w.entry('d'), { code: 'cannot-archive' });
  });
});

test('listings give types, sizes and offsets', () => {
  const node: NarNode = {
    kind: 'directory',
    entries: new Map<string, NarNode>([
      ['__proto__', { kind: 'file', executable: true, contents: bytesFromString('data') }],
      ['d', { kind: 'directory', entries: new Map() }],
      ['l', { kind: 'symlink', target: 't' }],
    ]),
  };
  const archive = formatNar(node);
  const builder = new NarListingBuilder();
  for (const event of new NarReader().push(archive)) builder.add(event);
  const document = JSON.parse(JSON.stringify(builder.document()));
  const found = Object.getOwnPropertyDescriptor(document.root.entries, '__proto__')!.value;
  assert.deepEqual({ ...found, narOffset: 0 }, { type: 'regular', size: 4, executable: true, narOffset: 0 });
  assert.equal(stringFromBytes(archive.subarray(found.narOffset, found.narOffset + 4)), 'data');
  assert.deepEqual(document.root.entries.l, { type: 'symlink', target: 't' });
});

/** Events with neighbouring contents joined. */
function collect(events: NarEvent[]): unknown[] {
  const result: unknown[] = [];
  let data = '';
  for (const event of events) {
    if (event.kind === 'contents') {
      data += stringFromBytes(event.bytes);
      continue;
    }
    if (data !== '') result.push(data);
    data = '';
    result.push(event);
  }
  return result;
}

function copyEvent(event: NarEvent): NarEvent {
  return event.kind === 'contents' ? { kind: 'contents', bytes: event.bytes.slice() } : event;
}
