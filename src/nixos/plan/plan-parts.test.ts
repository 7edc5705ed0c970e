import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareUnits } from '../switch/compare-units.ts';
import { unitFromTexts } from '../switch/units.ts';
import { formatPlan } from './format-plan.ts';
import { unitsOfEvaluation } from './next-units.ts';
import { compareOptions } from './option-changes.ts';
import { comparePackages, compareVersions, splitName } from './package-changes.ts';

test('names and versions', () => {
  assert.deepEqual(splitName('linux-image-6.12-1'), ['linux-image', '6.12-1']);
  assert.deepEqual(splitName('python3.13-3.13.5'), ['python3.13', '3.13.5']);
  assert.deepEqual(splitName('etc'), ['etc', '']);
  const inOrder = ['1.0pre1', '1.0', '1.0a', '1.0.1', '1.2', '1.10', '2'];
  assert.deepEqual([...inOrder].reverse().sort(compareVersions), inOrder);
});

test('packages: up, down, new, gone', () => {
  const changes = comparePackages(
    ['etc-x.d-60-nixos.conf', 'a-1.9', 'b-2', 'c-1', 'same-1', 'etc', 'm-1'],
    ['a-1.10', 'b-1', 'd-1', 'same-1', 'etc2', 'm-1', 'm-2'],
  );
  assert.deepEqual(
    changes.map(({ name, change }) => `${name} ${change}`),
    ['a up', 'b down', 'c gone', 'd new', 'm up'],
  );
});

test('options: changed, new and gone, with the file', () => {
  const option = (name: string, value: string, file = '/c.nix') => ({ name, value, file });
  const changes = compareOptions(
    [option('a', '1'), option('b', '1'), option('l', '[ 1 ]'), option('s', 'x')],
    [
      option('a', '2', '/d.nix'),
      option('n', 'true'),
      option('l', '[ 1 ]'),
      option('l', '[ 2 ]', '/e.nix'),
      option('s', 'x', '/moved.nix'),
    ],
  );
  assert.deepEqual(changes, [
    { name: 'a', before: '1', after: '2', files: ['/d.nix'] },
    { name: 'b', before: '1', files: ['/c.nix'] },
    { name: 'l', before: '[ 1 ]', after: '[ 1 ]; [ 2 ]', files: ['/c.nix', '/e.nix'] },
    { name: 'n', after: 'true', files: ['/c.nix'] },
  ]);
});

test('units of an evaluation: masked, own, and of packages that were upgraded', () => {
  const hash = (letter: string) => letter.repeat(32);
  const cron = unitFromTexts(
    ['[Service]\nExecStart=/usr/sbin/cron'],
    [`/usr/sbin/cron -> /nix/store/${hash('a')}-cron-3.0/sbin/cron`],
  );
  const next = (outputs: string[]) =>
    unitsOfEvaluation({
      units: {
        'off.service': { enable: false, text: null, overrideStrategy: 'asDropinIfExists' },
        'own@.service': {
          enable: true,
          text: '[Service]\nExecStart=1',
          overrideStrategy: 'asDropinIfExists',
        },
      },
      old: (name) => (name === 'cron.service' ? cron : undefined),
      packaged: (name) => ({
        text: name === 'cron.service' ? '[Service]\nExecStart=/usr/sbin/cron' : undefined,
        dropIns: new Map(),
      }),
      outputs,
    });
  const same = next([`/nix/store/${hash('a')}-cron-3.0`]);
  assert.equal(compareUnits(cron, same('cron.service')!), 'none');
  assert.equal(same('off.service')?.masked, true);
  assert.equal(same('own@1.service')?.masked, false);
  assert.equal(same('none.service'), undefined);
  const upgraded = next([`/nix/store/${hash('b')}-cron-3.1`]);
  assert.equal(compareUnits(cron, upgraded('cron.service')!), 'restart');
});

test('a plan in words', () => {
  const text = formatPlan({
    from: '/nix/store/a',
    to: '/nix/store/b',
    options: [{ name: 'x.y', before: '1', after: '2', files: ['/etc/nixos/configuration.nix'] }],
    packages: [{ name: 'hello', change: 'up', before: ['1'], after: ['2'] }],
    units: {
      stop: ['a.service', 'b.service'],
      start: ['a.service'],
      restart: [],
      reload: ['c.service'],
      skip: [],
    },
    reboot: ['another kernel'],
    work: { builds: 3, downloads: 2, downloadBytes: 3 * 1024 * 1024 },
  });
  assert.equal(
    text,
    [
      'Options:\n  ~ x.y: 1 -> 2\n      in /etc/nixos/configuration.nix\n',
      'Packages:\n  up      hello 1 -> 2\n',
      'Units:\n  stop: b.service\n  restart: a.service\n  reload: c.service\n',
      'Reboot needed:\n  another kernel\n',
      'To do:\n  download 2 files (3.0 MiB)\n  build 3 derivations\n',
    ].join('\n'),
  );
  assert.match(formatPlan({ from: 'a', to: 'a', packages: [], reboot: [] }), /^Nothing changes/);
});
