import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeBundle } from './bundle.ts';

test('the bundle keeps the notices and licences of the packages in it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-bundle-'));
  try {
    await writeBundle(directory);
    const notices = readFileSync(join(directory, 'THIRD-PARTY.txt'), 'utf8');
    for (const line of [
      /^openpgp \d/m,
      /^Licence: LGPL-3\.0\+$/m,
      /GNU LESSER GENERAL PUBLIC LICENSE/,
      /^xz-decompress \d/m,
    ])
      assert.match(notices, line);
    const sources = readdirSync(directory).filter((name) => name.endsWith('.js'));
    const withNotice = sources.filter((name) =>
      /\*! OpenPGP\.js v/.test(readFileSync(join(directory, name), 'utf8')),
    );
    assert.ok(withNotice.length > 0, 'no file has the notice of OpenPGP.js');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
