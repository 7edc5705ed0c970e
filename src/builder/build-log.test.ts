import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ActivityType, MemoryLogger, ResultType } from '../diagnostics/index.ts';
import { decodeBzip2 } from '../platform/index.ts';
import { BuildLog, buildLogPath, LogFile } from './build-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'firn-log-'));
after(() => rmSync(directory, { recursive: true }));

function write(chunks: readonly string[], tailLines = 3, file?: LogFile) {
  const logger = new MemoryLogger();
  const activity = logger.activity(ActivityType.build, '');
  const log = new BuildLog({ activity, tailLines, file });
  for (const chunk of chunks) log.write(Buffer.from(chunk, 'latin1'));
  log[Symbol.dispose]();
  const lines = logger.results
    .filter((each) => each.type === ResultType.buildLogLine)
    .map((each) => each.fields[0]);
  return { log, lines, logger };
}

for (const [name, chunks, expected] of [
  ['lines cut anywhere', ['on', 'e\ntw', 'o\n', 'last'], ['one', 'two', 'last']],
  ['line ends of other systems', ['one\r\ntwo\r\n'], ['one', 'two']],
  ['progress meters', ['10%\r20%\r100%\n', 'abc\rX\n'], ['100%', 'X']],
  ['UTF-8 across chunks', ['\xc3', '\xa9\n'], ['é']],
  ['bytes that are not UTF-8', ['\xff\n'], ['\ufffd']],
  ['empty lines', ['\n\n'], ['', '']],
  ['an event that is none', ['@nix {"x"\n'], ['@nix {"x"']],
] as const) {
  test(`build log: ${name}`, () => assert.deepEqual(write(chunks).lines, expected));
}

test('build log: the tail, and phases', () => {
  const { log, logger } = write(['1\n2\n3\n4\n5\n@nix {"action":"setPhase","phase":"build"}\n']);
  assert.deepEqual(log.tail, ['3', '4', '5']);
  assert.deepEqual(logger.results.at(-1)?.fields, ['build']);
});

test('build log: a line without end is cut', () => {
  const { lines } = write(['x'.repeat(200_000)]);
  assert.equal(lines.join('').length, 200_000);
});

test('build log: files, compressed and not, the newer one alone', () => {
  const path = buildLogPath(directory, 'abcdef-name.drv');
  assert.equal(path, join(directory, 'drvs/ab/cdef-name.drv'));
  write(['text\n'], 3, new LogFile(path, true, assert.fail));
  assert.equal(Buffer.from(decodeBzip2(readFileSync(`${path}.bz2`))).toString(), 'text\n');
  write(['plain\n'], 3, new LogFile(path, false, assert.fail));
  assert.deepEqual(readdirSync(join(directory, 'drvs/ab')), ['cdef-name.drv']);
});

test('build log: a file that cannot be written is given up, once', () => {
  const warnings: string[] = [];
  const file = new LogFile(join(directory, 'drvs/ab/cdef-name.drv/x/y'), true, (message) =>
    warnings.push(message),
  );
  const { lines } = write(['text\n'], 3, file);
  assert.deepEqual([lines, warnings.length], [['text'], 1]);
  assert.match(warnings[0], /cannot keep the build log '.*y.bz2': ENOTDIR/);
});
