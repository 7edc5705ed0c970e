import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { machineCredentials } from './machine-credentials.ts';
import { hashPassword } from './password-hash.ts';

const scratch = mkdtempSync(join(tmpdir(), 'firn-credentials-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

test('made once, kept, and made again as a whole when a part is lost', () => {
  const first = machineCredentials(scratch);
  assert.equal(first.fresh, true);
  const hash = readFileSync(join(first.runDirectory, 'hashed-password'), 'utf8').trim();
  assert.equal(hash, hashPassword(first.password, hash.split('$')[2]));
  assert.match(
    readFileSync(join(first.runDirectory, 'authorized-key.pub'), 'utf8'),
    /^ssh-ed25519 \S+ \S+\n$/,
  );
  assert.equal(statSync(first.privateKeyFile).mode & 0o777, 0o600);
  assert.equal(statSync(join(scratch, 'password')).mode & 0o777, 0o600);

  assert.deepEqual(machineCredentials(scratch), { ...first, fresh: false });

  rmSync(join(first.runDirectory, 'hashed-password'));
  const second = machineCredentials(scratch);
  assert.equal(second.fresh, true);
  assert.notEqual(second.password, first.password);
});

test('what the configuration reads holds no secret', () => {
  const { password, runDirectory, privateKeyFile } = machineCredentials(scratch);
  const secret = readFileSync(privateKeyFile, 'utf8').split('\n')[3];
  for (const name of ['authorized-key.pub', 'hashed-password']) {
    const text = readFileSync(join(runDirectory, name), 'utf8');
    assert.ok(!text.includes(password) && !text.includes(secret), name);
  }
});
