/**
 * The same `nix-env` calls of Firn and of C++ Nix, one after the other on the same paths: they print the
 * same, and leave the same store paths, manifests, environments and generations.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { deleteTree } from '../../src/platform/index.ts';
import { Oracle } from '../support/oracle.ts';
import { repository } from '../support/scratch-commands.ts';

const [oracle] = Oracle.all();
const bootstrap = process.env['FIRN_TEST_BWRAP'] ?? '';
const busybox = join(process.env['FIRN_TEST_CHANNEL'] ?? '', 'bootstrap/bin/busybox');

const packages = String.raw`
let
  make = name: more: derivation ({
    inherit name;
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-c" "(exec -a mkdir /bin/sh -p $out/bin); echo $name > $out/bin/$program" ];
    program = (builtins.parseDrvName name).name;
  } // more);
in
{
  hello = make "hello-1.0" { } // {
    meta = {
      description = "greets \"all\" & <more>\n\${x}";
      license = { free = true; spdxId = "GPL"; "odd name" = 1; "if" = 2; };
      maintainers = [ "a" 1 1.5 ];
      odd = x: x;
      nothing = null;
      drv = [ (make "inner-1" { }) ];
    };
  };
  numbers = make "numbers-1" { } // { meta = { large = 1.0e10; small = [ (-2) (-1.5) 1.0e-7 3.0 ]; }; };
  hello-new = make "hello-2.0" { };
  hello-odd = make "hello-2.0pre1" { };
  zip = make "zip-3" { } // { meta.priority = 7; };
  gzip = make "gzip-1.10" { program = "zip"; } // { meta.priority = "4"; };
  many = make "many-0.1" {
    outputs = [ "out" "man" "dev" ];
    args = [ "-c" "(exec -a mkdir /bin/sh -p $out/bin $man/share/man $dev/include); echo 1 > $out/bin/many; echo 2 > $man/share/man/many.1" ];
  } // { meta.outputsToInstall = [ "out" "man" ]; };
  kept = make "kept-1" { } // { meta.keep = true; };
  kept-new = make "kept-2" { };
  arm = make "arm-1" { system = "aarch64-linux"; };
  broken = throw "never";
  broken-path = make "broken-path-1" { args = throw "no"; };
  more = { recurseForDerivations = true; unzip = make "unzip-6.0" { }; list = [ (make "no-1" { }) ]; };
  hidden = { no = make "no-2" { }; };
  function = { a ? 1 }: make "function-1" { };
}
`;

interface Step {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

describe(`nix-env as that of C++ Nix ${oracle?.version}`, () => {
  // Not below /tmp, of which every sandbox has its own.
  const directory = mkdtempSync('/var/tmp/firn-nix-env-');
  after(() => deleteTree(directory));
  const shared = join(directory, 'shared');
  writeFileSync(join(directory, 'packages.nix'), packages);
  mkdirSync(join(directory, 'etc'));
  writeFileSync(
    join(directory, 'etc/nix.conf'),
    `sandbox = true\nbuild-users-group =\nsubstituters =\nbuild-hook =\nsandbox-paths = /bin/sh=${busybox}\nmax-jobs = 1\n`,
  );
  const environment = {
    HOME: join(shared, 'home'),
    NIX_REMOTE: 'local',
    NIX_STORE_DIR: join(shared, 'store'),
    NIX_STATE_DIR: join(shared, 'var'),
    NIX_LOG_DIR: join(shared, 'log'),
    NIX_CONF_DIR: join(directory, 'etc'),
    TZ: 'UTC',
    FIRN_FROM_SOURCE: '1',
    FIRN_SANDBOX_TOOLS: bootstrap,
  };

  const firn = (program: string, args: readonly string[]): Step => {
    const { PATH } = process.env;
    const options = { env: { PATH, ...environment }, cwd: shared };
    return stepOf(spawnSync(join(repository, 'bin', program), args, options));
  };
  const cpp = (program: string, args: readonly string[]): Step =>
    stepOf(
      oracle.tryRun('local', program, ['--option', 'build-hook', '', ...args], {
        env: environment,
        cwd: shared,
      }),
    );

  /** Runs all steps with one of them, and puts what they left aside. */
  const play = (who: 'firn' | 'cpp', steps: readonly (readonly string[])[]) => {
    mkdirSync(join(shared, 'home'), { recursive: true });
    const answers = steps.map(([program, ...args]) => (who === 'firn' ? firn : cpp)(program, args));
    const aside = mkdtempSync(join(directory, `${who}-`));
    renameSync(shared, join(aside, 'left'));
    return { answers, left: join(aside, 'left') };
  };

  const compare = (steps: readonly (readonly string[])[]) => {
    const ours = play('firn', steps);
    const theirs = play('cpp', steps);
    for (const [i, step] of steps.entries())
      assert.deepEqual(ours.answers[i], theirs.answers[i], step.join(' '));
    const failed = theirs.answers.filter(({ status }) => status !== 0).map(({ errors }) => errors);
    assert.deepEqual(failed, [], 'steps that fail compare little');
    assert.deepEqual(environmentsIn(ours.left), environmentsIn(theirs.left));
    assert.deepEqual(linksIn(ours.left), linksIn(theirs.left));
    return ours.left;
  };

  const onProfile = (...args: string[]) => [
    'nix-env',
    '-f',
    '../packages.nix',
    '-p',
    join(shared, 'profile'),
    ...args,
  ];

  test('install, replace, upgrade, flags, removal, generations', () => {
    const left = compare([
      onProfile('-i', 'zip', 'hello'),
      onProfile('-q'),
      onProfile('-iA', 'many', 'gzip', 'kept'),
      onProfile('-q', '--out-path', '--drv-path', '--system', '--description'),
      onProfile('-u', '--dry-run'),
      onProfile('-i', 'hello-1.0'),
      onProfile('-u', 'hello'),
      onProfile('-u', '--always', '*'),
      onProfile('--set-flag', 'priority', '9', 'gzip'),
      onProfile('--set-flag', 'active', 'false', 'zip', 'many'),
      onProfile('-iP', 'hello-1.0', '--priority', '6'),
      onProfile('-q'),
      onProfile('-iA', 'function', '--priority', '3'),
      onProfile('-e', 'hello-1.0', 'nothing', '.*zip'),
      onProfile('-qas'),
      onProfile('-qac'),
      onProfile('-qc'),
      onProfile('-irA', 'zip'),
      onProfile('-q', '--json', '--meta'),
      onProfile('-q', '--xml', '--out-path'),
      onProfile('--rollback'),
      onProfile('--switch-generation', '3'),
      onProfile('--delete-generations', '1', '2', '99'),
      onProfile('--delete-generations', '+2'),
      onProfile('--set', 'hello-1.0'),
      onProfile('-i', '-E', 'f: f.more.unzip'),
      onProfile('--delete-generations', 'old'),
      ['nix-env', '-p', join(shared, 'other'), '-i', '--from-profile', join(shared, 'profile'), '*'],
      ['nix-env', '-p', join(shared, 'other'), '-e', '*'],
    ]);
    // Something was compared: every change made an environment.
    assert.ok(Object.keys(environmentsIn(left)).length >= 8);
  });

  test('available packages', () => {
    compare([
      onProfile('-qa'),
      onProfile('-qaP', '--description', '--system'),
      onProfile('-qaP', '.*zip', 'hello'),
      onProfile('-qa', '--out-path', '--drv-path', '--no-name', 'many', 'hello-2.0'),
      onProfile('-qa', '--json', '--meta', '--out-path', 'hello', 'zip', 'numbers'),
      onProfile('-qa', '--xml', '--meta', '--drv-path', 'hello', 'many', 'numbers'),
      onProfile('-qa', '-A', 'more'),
      onProfile('-qaP', '--system-filter', 'aarch64-linux'),
    ]);
  });

  test('the default profile of root and its links', { skip: process.getuid?.() !== 0 && 'only root' }, () => {
    compare([
      ['nix-env', '-f', '../packages.nix', '-iA', 'zip'],
      ['nix-env', '-q'],
      ['nix-env', '-e', 'zip'],
      ['nix-env', '--rollback'],
    ]);
  });

  test('mistakes have the same message', () => {
    const steps = [
      onProfile('-i', 'helo'),
      onProfile('-i', '-e', 'zip'),
      onProfile(),
      onProfile('--set', 'zip', 'hello'),
      onProfile('--set-flag', 'active'),
      onProfile('--switch-generation', 'x'),
      onProfile('--rollback'),
      onProfile('-qP'),
      onProfile('--delete-generations', 'x'),
    ];
    const [ours, theirs] = [play('firn', steps), play('cpp', steps)];
    const messages = ({ answers }: { answers: Step[] }) =>
      answers.map(({ errors, status }) => [
        status,
        errors.split('\n').find((line) => line.startsWith('error:')),
      ]);
    assert.deepEqual(
      messages(ours),
      messages(theirs).map(([status, text]) => [
        status,
        (text as string).replace(/, maybe you meant:.*/, ''),
      ]),
    );
  });
});

/** Builds are announced in no certain order. */
function stepOf({ status, stdout, stderr }: { status: number | null; stdout: Buffer; stderr: Buffer }): Step {
  const times = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g;
  return {
    status,
    output: stdout.toString().replace(times, 'TIME'),
    errors: stderr
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .sort()
      .join('\n'),
  };
}

/** Every user environment and manifest below a directory: what it holds, links as they are. */
function environmentsIn(root: string): Record<string, unknown> {
  const store = join(root, 'store');
  const names = readdirSync(store).filter((name) =>
    /-(user-environment|env-manifest\.nix|user-environment\.drv)$/.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, treeOf(join(store, name))]));
}

function treeOf(path: string): unknown {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return readlinkSync(path);
  if (stat.isFile()) return readFileSync(path, 'latin1');
  return Object.fromEntries(
    readdirSync(path)
      .sort()
      .map((name) => [name, treeOf(join(path, name))]),
  );
}

/** All links outside of the store, but those of the collector. */
function linksIn(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = join(below, entry.name);
      if (['store', 'var/gcroots', 'log', 'home/.cache', 'home/.nix-defexpr'].includes(name)) return [];
      if (entry.isSymbolicLink()) return [`${name} -> ${readlinkSync(join(root, name))}`];
      return entry.isDirectory() ? linksIn(root, name) : [];
    });
}
