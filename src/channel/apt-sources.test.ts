import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDeb822Sources, parseOneLineSources, readAptSources } from './apt-sources.ts';
import { mirrorCandidates } from './mirrors.ts';

test('one-line sources', () => {
  const text = [
    '# deb http://commented.test/debian trixie main',
    'deb http://a.test/debian/ trixie main contrib # comment',
    'deb-src http://source.test/debian trixie main',
    '  deb [arch=amd64 signed-by=/x.gpg] https://b.test/debian-security trixie-security main',
    'deb cdrom:[Debian]/ trixie main',
    'deb mirror+file:/etc/apt/mirrors.txt trixie main',
    'deb file:/srv/mirror trixie main',
    'nonsense',
  ].join('\n');
  assert.deepEqual(parseOneLineSources(text), [
    { url: 'http://a.test/debian', suites: ['trixie'] },
    { url: 'https://b.test/debian-security', suites: ['trixie-security'] },
    { url: 'file:/srv/mirror', suites: ['trixie'] },
  ]);
});

test('deb822 sources: comments, several URIs, disabled and source-only stanzas', () => {
  const text = [
    'Types: deb deb-src',
    '# a comment inside',
    'URIs: http://a.test/debian http://b.test/debian/',
    'Suites: trixie trixie-updates',
    'Signed-By:',
    ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
    ' .',
    ' URIs: http://not.test/',
    '',
    'Types: deb',
    'URIs: http://off.test/debian',
    'Suites: trixie',
    'Enabled: no',
    ' ',
    'Types: deb-src',
    'URIs: http://source.test/debian',
    'Suites: trixie',
  ].join('\n');
  assert.deepEqual(parseDeb822Sources(text), [
    { url: 'http://a.test/debian', suites: ['trixie', 'trixie-updates'] },
    { url: 'http://b.test/debian', suites: ['trixie', 'trixie-updates'] },
  ]);
});

test('an apt directory is read in order; foreign files and a missing directory give nothing', () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-apt-'));
  try {
    assert.deepEqual(readAptSources(join(directory, 'absent')), []);
    mkdirSync(join(directory, 'sources.list.d'));
    writeFileSync(join(directory, 'sources.list'), 'deb http://first.test/debian trixie main\n');
    const parts: [string, string][] = [
      ['b.sources', 'Types: deb\nURIs: http://third.test/debian\nSuites: trixie\n'],
      ['a.list', 'deb http://second.test/debian trixie main\n'],
      ['c.list.disabled', 'deb http://off.test/debian trixie main\n'],
    ];
    for (const [name, text] of parts) writeFileSync(join(directory, 'sources.list.d', name), text);
    const urls = readAptSources(directory).map((source) => source.url);
    assert.deepEqual(urls, [
      'http://first.test/debian',
      'http://second.test/debian',
      'http://third.test/debian',
    ]);
    assert.deepEqual(mirrorCandidates({ aptDirectory: directory }, 'debian'), urls);
    assert.deepEqual(
      mirrorCandidates({ aptDirectory: directory }, 'security'),
      urls.map((url) => `${url}-security`),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const security = 'deb http://s.test/debian-security trixie-security main\n';
const candidateCases = [
  {
    name: 'security sources come before siblings',
    list: `deb http://a.test/debian trixie main\n${security}`,
    settings: {},
    debian: ['http://a.test/debian', 'http://s.test/debian'],
    security: ['http://s.test/debian-security', 'http://a.test/debian-security'],
  },
  {
    name: 'settings replace what apt says',
    list: security,
    settings: { debianMirrors: ['http://m.test/debian/'], securityMirrors: ['http://n.test/x'] },
    debian: ['http://m.test/debian'],
    security: ['http://n.test/x'],
  },
  {
    name: 'with a main mirror set, its sibling serves security before anything of apt',
    list: `${security}deb http://a.test/debian trixie main\n`,
    settings: { debianMirrors: ['http://m.test/debian'] },
    debian: ['http://m.test/debian'],
    security: [
      'http://m.test/debian-security',
      'http://s.test/debian-security',
      'http://a.test/debian-security',
    ],
  },
  { name: 'nothing known', list: '', settings: {}, debian: [], security: [] },
];
for (const { name, list, settings, ...expected } of candidateCases) {
  test(`mirror candidates: ${name}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'firn-apt-'));
    try {
      writeFileSync(join(directory, 'sources.list'), list);
      const all = { ...settings, aptDirectory: directory };
      assert.deepEqual(mirrorCandidates(all, 'debian'), expected.debian);
      assert.deepEqual(mirrorCandidates(all, 'security'), expected.security);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}
