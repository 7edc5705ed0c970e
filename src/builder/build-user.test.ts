import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Interrupted } from '../diagnostics/index.ts';
import { areIdsMapped, deleteTree, processesOf } from '../platform/index.ts';
import { BuildUserPool } from './build-user.ts';

/** A range of this process's own: other tests build at the same time. */
const firstUid = 58_000 + (process.pid % 600) * 3;
const able = process.getuid?.() === 0 && areIdsMapped(firstUid + 1, 30_000);

describe('build users', { skip: able ? false : 'needs root with more than one user' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-users-'));
  after(() => deleteTree(directory));
  const pool = (store: string) =>
    new BuildUserPool({
      stateDir: join(directory, store),
      machineDirectory: join(directory, 'machine'),
      firstUid,
      count: 2,
      gid: 30_000,
    });

  test('two stores never have the same user at a time', async () => {
    const first = await pool('a').acquire();
    await using second = await pool('b').acquire();
    assert.deepEqual([first.uid, second.uid], [firstUid, firstUid + 1]);
    const waiting = new AbortController();
    const third = pool('c').acquire({ signal: waiting.signal, onWait: () => waiting.abort() });
    await assert.rejects(third, Interrupted);
    await first[Symbol.asyncDispose]();
    await using again = await pool('c').acquire();
    assert.equal(again.uid, firstUid);
  });

  test('what runs under a user ends before the user is given and when it is released', async () => {
    const start = () =>
      new Promise<void>((resolve) =>
        spawn('sleep', ['600'], { uid: firstUid, stdio: 'ignore' }).once('spawn', resolve),
      );
    await start();
    const user = await pool('a').acquire();
    assert.deepEqual(processesOf(firstUid), []);
    await start();
    assert.equal(processesOf(firstUid).length, 1);
    await user[Symbol.asyncDispose]();
    assert.deepEqual(processesOf(firstUid), []);
  });
});
