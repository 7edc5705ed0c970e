import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKey } from 'openpgp';
import { makeTestKey } from '../../tests/support/debian-archive/index.ts';
import { debianArchiveKeys } from './keys/debian-keys.ts';
import { parseDebianChannel } from './releases.ts';
import { pinnedKeyNames, trustedKeys } from './trust-anchors.ts';

for (const [name, key] of Object.entries(debianArchiveKeys)) {
  test(`the shipped key '${name}' is the pinned one`, async () => {
    assert.equal((await readKey({ armoredKey: key.armored })).getFingerprint(), key.fingerprint);
  });
}

const suites = [
  { url: 'debian:trixie', role: 'main', keys: ['trixie-automatic', 'trixie-stable'] },
  { url: 'debian:trixie-small', role: 'updates', keys: ['trixie-automatic'] },
  { url: 'debian:trixie', role: 'security', keys: ['trixie-security-automatic'] },
  { url: 'debian:bookworm', role: 'main', keys: ['bookworm-automatic', 'bookworm-stable'] },
  { url: 'debian:sid', role: 'main', keys: ['trixie-automatic', 'bookworm-automatic'] },
  { url: 'debian:bookworm', role: 'security', keys: ['bookworm-security-automatic'] },
] as const;
for (const { url, role, keys } of suites) {
  test(`keys of ${url}, ${role}`, () => {
    assert.deepEqual(pinnedKeyNames(parseDebianChannel(url).release, role), keys);
  });
}

test('a host keyring with another key under the right name is not believed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-keys-'));
  try {
    const foreign = await makeTestKey();
    writeFileSync(join(directory, 'debian-archive-trixie-automatic.gpg'), foreign.publicKey);
    const [key] = await trustedKeys({ hostKeyringDirectory: directory }, ['trixie-automatic']);
    assert.equal(key.getFingerprint(), debianArchiveKeys['trixie-automatic'].fingerprint);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a keyring that is set replaces the pinned keys; one that is none is an error', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-keys-'));
  try {
    const own = await makeTestKey();
    const path = join(directory, 'own.asc');
    writeFileSync(path, own.publicKey);
    const keys = await trustedKeys({ keyrings: [path] }, ['trixie-automatic']);
    assert.deepEqual(
      keys.map((key) => key.getFingerprint()),
      [own.privateKey.getFingerprint()],
    );
    writeFileSync(path, 'no keyring');
    await assert.rejects(trustedKeys({ keyrings: [path] }, []), { code: 'channel-bad-keyring' });
    await assert.rejects(trustedKeys({ keyrings: [join(directory, 'absent')] }, []), {
      code: 'channel-bad-keyring',
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
