import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { compareUnits } from './compare-units.ts';
import { unitOfPath } from './fstab.ts';
import { UnitLists } from './unit-lists.ts';
import { parseUnitTexts, templateOf, words } from './unit-text.ts';
import { unitsOfGeneration } from './units.ts';

function scratch(files: Readonly<Record<string, string>>): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'firn-switch-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(path, name));
    else writeFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test('unit files: comments, continued lines, lists that begin anew', () => {
  const sections = parseUnitTexts([
    '# x\n[Service]\nExecStart=a \\\n# between\n  b\n; y\nEnvironment="A=1=2"\nAfter = x  y\n',
    '[Service]\nExecStart=\nExecStart=c\n[Unit]\nX',
  ]);
  assert.deepEqual(sections.get('Service')?.get('ExecStart'), ['c']);
  assert.deepEqual(sections.get('Service')?.get('Environment'), ['"A=1=2"']);
  assert.deepEqual(words(sections, 'Service', 'After'), ['x', 'y']);
  const joined = parseUnitTexts(['[Service]\nExecStart=a \\\n# between\n  b']);
  assert.deepEqual(joined.get('Service')?.get('ExecStart'), ['a  b']);
});

test('templates', () => {
  assert.equal(templateOf('getty@tty1.service'), 'getty@.service');
  assert.equal(templateOf('getty@.service'), undefined);
  assert.equal(templateOf('a.service'), undefined);
});

test('names of mount units', () => {
  assert.equal(unitOfPath('/', 'mount'), '-.mount');
  assert.equal(unitOfPath('/a/b-c//', 'mount'), 'a-b\\x2dc.mount');
  assert.equal(unitOfPath('/.x/é', 'mount'), '\\x2ex-\\xc3\\xa9.mount');
});

test('a generation’s units: own files before the packages’, drop-ins of both, instances of templates', () => {
  using generation = scratch({
    'etc/systemd/system/a.service': '[Service]\nExecStart=/usr/bin/a',
    'usr/lib/systemd/system/a.service': '[Service]\nExecStart=no',
    'usr/lib/systemd/system/b@.service': '[Service]\nExecStart=-/bin/b\nNice=1',
    'etc/systemd/system/b@.service.d/overrides.conf': '[Service]\nNice=\nNice=2',
    'usr/lib/systemd/system/b@1.service.d/z.conf': '[Service]\nUser=x',
    'etc/systemd/system/m.service': '-> /dev/null',
    'usr/bin/a': '',
    'usr/bin/b': '-> a',
  });
  const units = unitsOfGeneration(generation.path, 'system');
  assert.deepEqual(units('a.service')?.programs, [`/usr/bin/a -> ${generation.path}/usr/bin/a`]);
  const instance = units('b@1.service');
  assert.deepEqual(instance?.sections.get('Service')?.get('Nice'), ['2']);
  assert.deepEqual(instance?.sections.get('Service')?.get('User'), ['x']);
  assert.deepEqual(instance?.programs, [`/bin/b -> ${generation.path}/usr/bin/a`]);
  assert.equal(units('m.service')?.masked, true);
  assert.equal(units('none.service'), undefined);
});

test('a unit of a package whose program is another file now', () => {
  const files = { 'usr/lib/systemd/system/a.service': '[Service]\nExecStart=/usr/bin/a' };
  using old = scratch({ ...files, 'usr/bin/a': '' });
  using next = scratch({ ...files, 'usr/bin/a': '' });
  const unit = (path: string) => unitsOfGeneration(path, 'system')('a.service');
  assert.equal(compareUnits(unit(old.path)!, unit(old.path)!), 'none');
  assert.equal(compareUnits(unit(old.path)!, unit(next.path)!), 'restart');
});

test('lists on disk survive, and are forgotten when the switch is complete', () => {
  using directory = scratch({ 'activation-restart-list': 'x.service\n\nx.service\n' });
  const lists = new UnitLists(directory.path);
  lists.writePending({ start: ['a'], restart: [], reload: ['b', 'c'] });
  lists.setUnfinished(true);
  const again = new UnitLists(directory.path);
  assert.deepEqual(again.readPending(), { start: ['a'], restart: [], reload: ['b', 'c'] });
  assert.equal(again.isUnfinished(), true);
  assert.deepEqual(again.takeActivationRequests(false), { restart: ['x.service'], reload: [] });
  assert.deepEqual(again.takeActivationRequests(false), { restart: [], reload: [] });
  again.clear();
  assert.deepEqual(lists.readPending(), { start: [], restart: [], reload: [] });
  assert.equal(lists.isUnfinished(), false);
});
