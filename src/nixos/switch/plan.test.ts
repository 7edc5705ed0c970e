import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFstab } from './fstab.ts';
import { planSwitch, type SwitchPlan } from './plan.ts';
import { parseUnitTexts } from './unit-text.ts';
import type { UnitSource } from './units.ts';

type Texts = Readonly<Record<string, string>>;

/** Units given by their texts; `masked` stands for a link to /dev/null, `-> PROGRAM` lines for programs. */
function source(texts: Texts): UnitSource {
  return (name) => {
    const text = texts[name];
    if (text === undefined) return undefined;
    if (text === 'masked') return { sections: new Map(), masked: true, programs: [] };
    const programs = text.split('\n').filter((line) => line.includes(' -> '));
    return { sections: parseUnitTexts([text]), masked: false, programs };
  };
}

interface Case {
  readonly name: string;
  readonly old: Texts;
  readonly next: Texts;
  /** Default: all of `old`. */
  readonly active?: readonly string[];
  readonly oldFstab?: string;
  readonly nextFstab?: string;
  readonly pending?: Partial<Record<'start' | 'restart' | 'reload', readonly string[]>>;
  /** Lists that are not empty. */
  readonly plan: Partial<SwitchPlan>;
}

const service = (n: number, more = '') => `[Service]\nExecStart=/nix/store/x/run ${n}\n${more}`;

const cases: readonly Case[] = [
  { name: 'equal units', old: { 'a.service': service(1) }, next: { 'a.service': service(1) }, plan: {} },
  {
    name: 'a changed service stops and starts',
    old: { 'a.service': service(1), 'b.service': service(1) },
    next: { 'a.service': service(2), 'b.service': service(1) },
    plan: { stop: ['a.service'], start: ['a.service'] },
  },
  {
    name: 'a changed service that does not run is left alone',
    old: { 'a.service': service(1) },
    next: { 'a.service': service(2) },
    active: [],
    plan: {},
  },
  {
    name: 'a service that is gone stops',
    old: { 'a.service': service(1) },
    next: {},
    plan: { stop: ['a.service'] },
  },
  {
    name: 'a service that is masked now stops',
    old: { 'a.service': service(1) },
    next: { 'a.service': 'masked' },
    plan: { stop: ['a.service'] },
  },
  {
    name: 'X-StopOnRemoval=false keeps it',
    old: { 'a.service': `[Unit]\nX-StopOnRemoval=false\n${service(1)}` },
    next: {},
    plan: {},
  },
  { name: 'a unit that no generation has', old: {}, next: {}, active: ['run-x.service'], plan: {} },
  {
    name: 'X-RestartIfChanged=false',
    old: { 'a.service': service(1) },
    next: { 'a.service': service(2, 'X-RestartIfChanged=false') },
    plan: { skip: ['a.service'] },
  },
  {
    name: 'RefuseManualStop',
    old: { 'a.service': service(1) },
    next: { 'a.service': `[Unit]\nRefuseManualStop=yes\n${service(2)}` },
    plan: { skip: ['a.service'] },
  },
  {
    name: 'X-ReloadIfChanged=true',
    old: { 'a.service': service(1) },
    next: { 'a.service': service(2, 'X-ReloadIfChanged=true') },
    plan: { reload: ['a.service'] },
  },
  {
    name: 'X-StopIfChanged=false',
    old: { 'a.service': service(1) },
    next: { 'a.service': service(2, 'X-StopIfChanged=false') },
    plan: { restart: ['a.service'] },
  },
  {
    name: 'only the reload triggers changed',
    old: { 'a.service': `[Unit]\nX-Reload-Triggers=1\n${service(1)}` },
    next: { 'a.service': `[Unit]\nX-Reload-Triggers=2\n${service(1)}` },
    plan: { reload: ['a.service'] },
  },
  {
    name: 'reload triggers and something else changed',
    old: { 'a.service': `[Unit]\nX-Reload-Triggers=1\n${service(1)}` },
    next: { 'a.service': `[Unit]\nX-Reload-Triggers=2\n${service(2)}` },
    plan: { stop: ['a.service'], start: ['a.service'] },
  },
  {
    name: 'restart triggers changed',
    old: { 'a.service': `[Unit]\nX-Restart-Triggers=1\n${service(1)}` },
    next: { 'a.service': `[Unit]\nX-Restart-Triggers=2\n${service(1)}` },
    plan: { stop: ['a.service'], start: ['a.service'] },
  },
  {
    name: 'a description and an install section are nothing to a running service',
    old: { 'a.service': `[Unit]\nDescription=x\n${service(1)}` },
    next: { 'a.service': `[Unit]\nDescription=y\n${service(1)}\n[Install]\nWantedBy=z.target` },
    plan: {},
  },
  {
    name: 'a program of a package was upgraded',
    old: { 'a.service': '[Service]\nExecStart=/usr/bin/a\n/usr/bin/a -> /nix/store/1/a' },
    next: { 'a.service': '[Service]\nExecStart=/usr/bin/a\n/usr/bin/a -> /nix/store/2/a' },
    plan: { stop: ['a.service'], start: ['a.service'] },
  },
  {
    name: 'X-SwitchMethod names the way',
    old: { 'a.service': service(1), 'b.service': service(1), 'c.timer': '[Timer]\nOnCalendar=1' },
    next: {
      'a.service': `[Unit]\nX-SwitchMethod=restart\n${service(2)}`,
      'b.service': `[Unit]\nX-SwitchMethod=keep-old\n${service(2)}`,
      'c.timer': '[Unit]\nX-SwitchMethod=reload\n[Timer]\nOnCalendar=2',
    },
    plan: { restart: ['a.service'], skip: ['b.service'], reload: ['c.timer'] },
  },
  {
    name: 'a socket-activated service leaves its start to the socket',
    old: { 'a.service': service(1), 'a.socket': '[Socket]\nListenStream=1' },
    next: { 'a.service': service(2), 'a.socket': '[Socket]\nListenStream=1' },
    plan: { stop: ['a.service', 'a.socket'], start: ['a.socket'] },
  },
  {
    name: 'unless it says that it starts by itself too',
    old: { 'a.service': service(1), 'a.socket': '[Socket]\nListenStream=1' },
    next: { 'a.service': service(2, 'X-NotSocketActivated=true'), 'a.socket': '[Socket]\nListenStream=1' },
    plan: { stop: ['a.service', 'a.socket'], start: ['a.service', 'a.socket'] },
  },
  {
    name: 'sockets by other names',
    old: { 'a.service': service(1, 'Sockets=x.socket y.socket'), 'x.socket': '', 'y.socket': '' },
    next: { 'a.service': service(2, 'Sockets=x.socket y.socket'), 'x.socket': '', 'y.socket': '' },
    plan: { stop: ['a.service', 'x.socket', 'y.socket'], start: ['x.socket', 'y.socket'] },
  },
  {
    name: 'a service that lost its socket',
    old: { 'a.service': service(1), 'a.socket': '[Socket]\nListenStream=1' },
    next: { 'a.service': service(2) },
    plan: { stop: ['a.service', 'a.socket'], start: ['a.service'] },
  },
  {
    name: 'a changed socket stops its service with it',
    old: { 'a.service': service(1), 'a.socket': '[Socket]\nListenStream=1' },
    next: { 'a.service': service(1), 'a.socket': '[Socket]\nListenStream=2' },
    plan: { stop: ['a.service', 'a.socket'], start: ['a.socket'] },
  },
  {
    name: 'targets are started again, passing ones are not',
    old: { 'multi-user.target': '', 'suspend.target': '', 'x.target': '' },
    next: { 'multi-user.target': '', 'suspend.target': '', 'x.target': '[Unit]\nX-OnlyManualStart=true' },
    plan: { targets: ['multi-user.target'] },
  },
  {
    name: 'X-StopOnReconfiguration',
    old: { 'x.target': '' },
    next: { 'x.target': '[Unit]\nX-StopOnReconfiguration=true' },
    plan: { stop: ['x.target'], targets: ['x.target'] },
  },
  {
    name: 'slices are the manager’s business',
    old: { 'x.slice': '[Slice]\nCPUWeight=1' },
    next: { 'x.slice': '[Slice]\nCPUWeight=2' },
    plan: {},
  },
  {
    name: 'an instance',
    old: { 'a@1.service': service(1) },
    next: { 'a@1.service': service(2) },
    plan: { stop: ['a@1.service'], start: ['a@1.service'] },
  },
  {
    name: 'mount units: options are remounted, anything else mounts anew',
    old: {
      'a.mount': '[Mount]\nWhat=x\nWhere=/a\nOptions=ro',
      'b.mount': '[Mount]\nWhat=x\nWhere=/b',
      'var.mount': '[Mount]\nWhat=x\nWhere=/var',
    },
    next: {
      'a.mount': '[Mount]\nWhat=x\nWhere=/a\nOptions=rw',
      'b.mount': '[Mount]\nWhat=y\nWhere=/b',
      'var.mount': '[Mount]\nWhat=y\nWhere=/var',
    },
    plan: { reload: ['a.mount'], stop: ['b.mount'], start: ['b.mount'], reboot: ['/var'] },
  },
  {
    name: 'fstab',
    old: {},
    next: {},
    active: ['gone.mount', 'other.mount', 'opts.mount', 'a-b\\x2dc.mount', '-.mount'],
    oldFstab:
      'x / ext4 defaults\nx /gone ext4\nx /other ext4\nx /opts ext4 ro\nx /a/b-c ext4 rw\nx /idle ext4\n/dev/s none swap\n/dev/t none swap',
    nextFstab: 'y / ext4 defaults\ny /other ext4\nx /opts ext4 rw\nx /a/b-c xfs rw\n/dev/t none swap',
    plan: {
      stop: ['a-b\\x2dc.mount', 'gone.mount', 'other.mount'],
      start: ['a-b\\x2dc.mount', 'other.mount'],
      reload: ['opts.mount'],
      swapsOff: ['/dev/s'],
      reboot: ['/'],
    },
  },
  {
    name: 'what a killed switch left to do',
    old: {
      'a.service': service(1),
      'b.service': service(1),
      'c.service': service(1),
      'd.service': service(1),
    },
    next: { 'a.service': service(1), 'b.service': service(1), 'c.service': service(1) },
    active: ['b.service', 'c.service'],
    pending: {
      start: ['a.service', 'd.service', 'x.mount'],
      restart: ['b.service', 'a.service'],
      reload: ['c.service', 'b.service'],
    },
    plan: { start: ['a.service', 'x.mount'], restart: ['b.service'], reload: ['c.service'] },
  },
];

const nothing: SwitchPlan = {
  stop: [],
  skip: [],
  start: [],
  restart: [],
  reload: [],
  targets: [],
  swapsOff: [],
  reboot: [],
};

for (const { name, old, next, active, oldFstab, nextFstab, pending, plan } of cases) {
  test(`plan: ${name}`, () => {
    const actual = planSwitch({
      active: active ?? Object.keys(old),
      old: source(old),
      next: source(next),
      oldFstab: parseFstab(oldFstab ?? ''),
      nextFstab: parseFstab(nextFstab ?? ''),
      pending: { start: [], restart: [], reload: [], ...pending },
    });
    assert.deepEqual(actual, { ...nothing, ...plan });
  });
}
