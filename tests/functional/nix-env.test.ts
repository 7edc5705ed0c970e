/** `nix-env` on a private store: installing, upgrading, removing, querying, generations, two at once. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScratchCommands } from '../support/scratch-commands.ts';

/** Packages of one file each, built by the sandbox's shell. */
const packages = `
let
  make = name: more: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" "mkdir -p $out/bin && echo $name > $out/bin/\${(builtins.parseDrvName name).name}" ];
  } // more);
in
{
  hello = make "hello-1.0" { } // { meta = { description = "greets"; odd = x: x; }; };
  hello-new = make "hello-2.0" { };
  zip = make "zip-3" { } // { meta = { priority = 7; low = [ (-1) (-2.5) 1.0e30 ]; }; };
  broken = throw "never";
  more = { recurseForDerivations = true; unzip = make "unzip-6.0" { }; };
}
`;

function scene(): ScratchCommands {
  const commands = new ScratchCommands();
  writeFileSync(join(commands.work, 'packages.nix'), packages);
  return commands;
}

/** The files below \`bin\` of a profile, by what \`nix-env -q --out-path\` says and by the links. */
function programs(commands: ScratchCommands, profile: string): string[] {
  const generation = readlinkSync(join(commands.work, profile));
  const environment = commands.real(readlinkSync(join(commands.work, generation)));
  const bin = join(environment, 'bin');
  if (!existsSync(environment)) return [];
  try {
    return readdirSync(bin).sort();
  } catch {
    return readdirSync(commands.real(readlinkSync(bin))).sort();
  }
}

test('a profile: install, replace, upgrade, remove, and back', async () => {
  await using commands = scene();
  const env = (...args: string[]) =>
    commands.run('nix-env', ['-f', 'packages.nix', '-p', 'profile', ...args]);
  const succeed = (...args: string[]) => {
    const outcome = env(...args);
    assert.equal(outcome.status, 0, outcome.stderr);
    return outcome;
  };
  assert.match(succeed('-iA', 'hello', 'zip').stderr, /installing 'hello-1.0'\ninstalling 'zip-3'\n/);
  assert.equal(succeed('-q').stdout, 'hello-1.0\nzip-3\n');
  assert.deepEqual(programs(commands, 'profile'), ['hello', 'zip']);
  // Priority 7 of zip is in the manifest; so is what describes hello, without the function.
  const environment = commands.real(readlinkSync(join(commands.work, 'profile-1-link')));
  const manifest = readFileSync(commands.real(readlinkSync(join(environment, 'manifest.nix'))), 'utf8');
  assert.match(
    manifest,
    /^\[ \{ meta = \{ description = "greets"; \}; name = "hello-1.0"; out = \{ outPath = /,
  );
  assert.match(
    manifest,
    /meta = \{ low = \[ \(-1\) \(-2\.5\) 1\.0e\+30 \]; priority = 7; \}; name = "zip-3"/,
  );

  assert.match(succeed('-u').stderr, /upgrading 'hello-1.0' to 'hello-2.0'\n/);
  assert.equal(succeed('-q', 'hello').stdout, 'hello-2.0\n');
  assert.match(succeed('-i', 'hello-1.0').stderr, /replacing old 'hello-2.0'\ninstalling 'hello-1.0'\n/);
  assert.match(succeed('-e', 'zip').stderr, /uninstalling 'zip-3'\n/);
  assert.match(succeed('-e', 'zip').stderr, /warning: selector 'zip' matched no installed derivations/);
  assert.equal(succeed('-q').stdout, 'hello-1.0\n');
  assert.match(succeed('--list-generations').stdout, / {3}4 {3}[-0-9]{10} [:0-9]{8} {3}\(current\)\n$/);

  assert.match(succeed('--rollback').stderr, /switching profile from version 4 to 3/);
  assert.equal(succeed('-q').stdout, 'hello-1.0\nzip-3\n');
  succeed('--switch-generation', '2');
  assert.equal(succeed('-q').stdout, 'hello-2.0\nzip-3\n');
  assert.match(env('--delete-generations', '2').stderr, /cannot delete current version of profile/);
  assert.match(succeed('--delete-generations', 'old').stderr, /removing profile version 1\n/);
  assert.match(env('--rollback').stderr, /no profile version older than the current \(2\) exists/);
});

test('the profile keeps what it needs, and nothing else', async () => {
  await using commands = scene();
  commands.succeed('nix-env', ['-f', 'packages.nix', '-p', 'profile', '-iA', 'hello', 'zip']);
  commands.succeed('nix-env', ['-p', 'profile', '-e', 'zip']);
  commands.succeed('nix-env', ['-p', 'profile', '--delete-generations', 'old']);
  commands.succeed('nix-store', ['--gc']);
  assert.equal(commands.succeed('nix-env', ['-p', 'profile', '-q']), 'hello-1.0\n');
  assert.deepEqual(programs(commands, 'profile'), ['hello']);
  const left = readdirSync(commands.real('/nix/store')).filter((name) => name.includes('zip'));
  assert.deepEqual(left, []);
});

test('dry runs change nothing', async () => {
  await using commands = scene();
  const { stderr } = commands.run('nix-env', [
    '-f',
    'packages.nix',
    '-p',
    'profile',
    '-i',
    'zip',
    '--dry-run',
  ]);
  assert.match(
    stderr,
    /installing 'zip-3'\nthis derivation will be built:\n {2}\/nix\/store\/.*-zip-3\.drv\n$/,
  );
  assert.equal(existsSync(join(commands.work, 'profile')), false);
});

test('available packages', async () => {
  await using commands = scene();
  const query = (...args: string[]) =>
    commands.succeed('nix-env', ['-f', 'packages.nix', '-p', 'profile', '-q', ...args]);
  assert.equal(query('-a'), 'hello-1.0\nhello-2.0\nunzip-6.0\nzip-3\n');
  assert.equal(
    query('-aP', '--description', '.*zip', 'hello-1.0'),
    'hello       hello-1.0  greets\nmore.unzip  unzip-6.0  \nzip         zip-3      \n',
  );
  assert.deepEqual(JSON.parse(query('-a', '--json', 'zip')).zip.pname, 'zip');
  assert.match(query('-a', '--xml', 'zip'), /<item attrPath="zip" name="zip-3" outputName="out" pname="zip"/);
});

test('mistakes', async () => {
  await using commands = scene();
  const fail = (...args: string[]) =>
    commands.fail('nix-env', ['-f', 'packages.nix', '-p', 'profile', ...args]);
  assert.match(
    fail('-i', 'helo'),
    /error: selector 'helo' matches no derivations\n.*maybe you meant 'hello'/,
  );
  assert.match(fail('-iA', 'helo'), /attribute 'helo' in selection path 'helo' not found\n.*hello/);
  assert.match(fail('-i', '-e', 'zip'), /only one operation may be specified/);
  assert.match(fail(), /no operation specified/);
  assert.match(fail('--set', 'zip', 'hello'), /--set requires exactly one derivation/);
  assert.match(fail('--set-flag', 'active'), /not enough arguments to '--set-flag'/);
  assert.match(fail('--switch-generation', 'x'), /expected a generation number/);
  assert.match(fail('-qP'), /--attr-path\(-P\) only works with --available/);
  assert.match(
    commands.fail('nix-env', ['-f', 'nowhere.nix', '-i', 'zip']),
    /there are no packages at .*nowhere\.nix/,
  );
});

test('two installations at once: both are in the profile afterwards', async () => {
  await using commands = scene();
  commands.succeed('nix-build', ['packages.nix', '--no-out-link', '-A', 'zip', '-A', 'hello']);
  const installs = ['zip', 'hello'].map((name) => {
    const child = commands.start('nix-env', ['-f', 'packages.nix', '-p', 'profile', '-iA', name]);
    return new Promise<number | null>((resolve) => child.on('exit', resolve));
  });
  assert.deepEqual(await Promise.all(installs), [0, 0]);
  const installed = commands.succeed('nix-env', ['-p', 'profile', '-q']);
  assert.equal(installed, 'hello-1.0\nzip-3\n');
});

test('a channel: names of its index are found without evaluating everything', async () => {
  await using commands = scene();
  const channels = commands.real(`/nix/var/nix/profiles/per-user/${userInfo().username}/channels`);
  mkdirSync(join(channels, 'mine'), { recursive: true });
  const set = `{ }: (import ${join(commands.work, 'packages.nix')}) // {
    debianPackage = name: derivation { name = "\${name}-9"; system = "x86_64-linux"; builder = "/bin/sh"; };
  }`;
  writeFileSync(join(channels, 'mine/default.nix'), set);
  const index = ['zip', 'rare', 'rare-2'].map((name) => JSON.stringify([name, '9', 'text']));
  writeFileSync(join(channels, 'mine/index.json'), `{"format":1,"packages":[\n${index.join(',\n')}\n]}\n`);

  const install = (...args: string[]) =>
    commands.run('nix-env', ['-p', 'profile', '--dry-run', '-i', ...args]).stderr;
  assert.match(install('zip', 'rare'), /installing 'zip-3'\ninstalling 'rare-9'\n/);
  // What is there twice, the package set decides.
  assert.match(install('hello'), /installing 'hello-2.0'\n/);
  assert.match(install('raer'), /selector 'raer' matches no derivations\n.*maybe you meant 'rare'/);
  assert.equal(
    commands.succeed('nix-env', ['-qaP', 'zip', 'rare']),
    'mine.debian.rare  rare-9\nmine.zip          zip-3\n',
  );
  assert.match(install('-A', 'mine.more.unzip'), /installing 'unzip-6.0'\n/);
  // With --file nothing but the file counts.
  assert.match(install('-f', 'packages.nix', 'rare'), /selector 'rare' matches no derivations/);
});
