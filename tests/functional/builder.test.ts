/** Real builds in real sandboxes, in a scratch store: what builders see, what they may not do, what becomes of them. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildLogPath, sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import { Interrupted, ResultType } from '../../src/diagnostics/index.ts';
import type { StorePath } from '../../src/formats/index.ts';
import { decodeBzip2, processesOf, runProcess } from '../../src/platform/index.ts';
import { firstBuildUser, ScratchBuilder, system, toolsDirectory } from '../support/scratch-builder.ts';

const root = process.getuid?.() === 0;

describe('builder', { skip: toolsDirectory === undefined ? 'FIRN_TEST_BWRAP is not set' : false }, () => {
  let scratch: ScratchBuilder;
  before(async () => {
    scratch = await ScratchBuilder.create();
  });
  after(() => scratch[Symbol.asyncDispose]());

  /** Builds a script and returns the text of its output. */
  async function output(name: string, script: string, env: Record<string, string> = {}): Promise<string> {
    const { result, outputs } = await scratch.make({ name, script, env });
    assert.equal(result.error, undefined);
    return readFileSync(scratch.real(outputs.out), 'utf8');
  }

  /** Builds a script that must fail and returns the error. */
  async function failure(name: string, script: string, env: Record<string, string> = {}, outputs = ['out']) {
    const made = await scratch.make({ name, script, env, outputs });
    assert.equal(made.result.status, 'failed');
    for (const path of Object.values(made.outputs)) assert.equal(existsSync(scratch.real(path)), false);
    return made.result.error!;
  }

  test('the environment is that of C++ Nix', async () => {
    const text = await output('environment', 'export -p > $out', {
      PATH: '/bin',
      TMPDIR: '/elsewhere',
      own: 'x y',
    });
    assert.equal(
      text.replace(/(out=').*-environment/, '$1OUT').replace(/(NIX_BUILD_CORES=')\d+/, '$1N'),
      `export HOME='/homeless-shelter'
export NIX_BUILD_CORES='N'
export NIX_BUILD_TOP='/build'
export NIX_LOG_FD='2'
export NIX_STORE='/nix/store'
export PATH='/bin'
export PWD='/build'
export SHLVL='1'
export TEMP='/build'
export TEMPDIR='/build'
export TERM='xterm-256color'
export TMP='/build'
export TMPDIR='/build'
export name='environment'
export out='OUT'
export own='x y'
export system='${system}'
`,
    );
  });

  test('a builder sees its user, its directories and nothing of the machine', async () => {
    const script = `{ id; umask; hostname; ls -A /; ls -A /nix/store; ls -A /build /tmp; cat /etc/passwd; ls /etc
      grep -c . /proc/net/dev; ls /proc | grep -c '^[0-9]'; readlink /proc/self/fd/* | grep -v -e log -e /dev/null; } > /build/seen
      cat /build/seen > $out`;
    const text = await output('view', script);
    assert.match(
      text,
      /^uid=1000\(nixbld\) gid=100\(nixbld\)\n0022\nlocalhost\nbin\nbuild\ndev\netc\nnix\nproc\ntmp\n/,
    );
    assert.match(text, /\/build:\nseen\n\n\/tmp:\nroot:x:0:0:Nix build user:\/build:\/noshell\n/);
    assert.match(text, /\ngroup\nhosts\npasswd\n/);
  });

  test('secrets of the machine are not there, and nothing but the outputs can be written', async () => {
    const script = `for f in /etc/shadow /root /home /var /usr /sys /proc/1/root/etc/shadow; do test -e $f && echo "sees $f" >> $out; done
      for d in / /etc /bin /dev /nix; do touch $d/x 2>/dev/null && echo "writes $d" >> $out; done
      echo done >> $out`;
    assert.equal(await output('secrets', script), 'done\n');
  });

  test('inputs are there, read-only, and only they', async () => {
    const input = await scratch.make({ name: 'input', script: 'mkdir $out; echo content > $out/file' });
    const link = await scratch.make({ name: 'link', script: 'ln -s nowhere $out' });
    await scratch.make({ name: 'stranger', script: 'echo > $out' });
    const user = await scratch.make({
      name: 'user',
      inputs: [input, link],
      script: `cat ${input.outputs.out}/file > /build/o; readlink ${link.outputs.out} >> /build/o
        touch ${input.outputs.out}/x 2>> /build/o; ls /nix/store | wc -l >> /build/o
        ln ${input.outputs.out}/file /build/hard 2>/dev/null && echo linked >> /build/o; cp /build/o $out; echo ${input.outputs.out} >> $out`,
    });
    assert.equal(user.result.error, undefined);
    const text = readFileSync(scratch.real(user.outputs.out), 'utf8');
    assert.match(text, /^content\nnowhere\ntouch: .*Read-only file system\n2\n\/nix/);
    const references = scratch.store.queryPathInfo(user.result.outputs.get('out')!)?.references;
    assert.deepEqual(
      references?.map((path) => path.name),
      ['input'],
    );
  });

  test('there is no network, not even to this machine', async () => {
    const server = (await import('node:http')).createServer((_, response) => response.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const script = `wget -q -O /build/got http://127.0.0.1:${port}/ 2>/dev/null; ls /build > $out; ls /sys 2>/dev/null >> $out; true`;
      assert.equal(await output('network', script), '');
    } finally {
      server.close();
    }
  });

  test('setuid bits, device nodes and extended attributes are refused', async () => {
    const script = `touch f; for mode in u+s g+s 4755 2711; do chmod $mode f 2>/dev/null && echo "chmod $mode" >> $out; done
      mknod n c 1 3 2>/dev/null && echo mknod >> $out; mknod b b 7 0 2>/dev/null && echo mknod >> $out
      getfattr -d f 2>&1 | grep -q 'ot supported' && echo no attributes >> $out; echo done >> $out`;
    assert.match(await output('seccomp', script), /^(no attributes\n)?done\n$/);
  });

  test('outputs are canonical, setuid bits or not', async () => {
    const made = await scratch.make({
      name: 'modes',
      script:
        'mkdir -p $out/d; echo > $out/x; chmod 700 $out/x; echo > $out/y; chmod 600 $out/y; ln $out/y $out/z; ln -s x $out/l',
    });
    assert.equal(made.result.error, undefined);
    const at = (name: string) => lstatSync(join(scratch.real(made.outputs.out), name));
    assert.equal(at('.').mode & 0o7777, 0o555);
    assert.equal(at('x').mode & 0o7777, 0o555);
    assert.equal(at('y').mode & 0o7777, 0o444);
    assert.equal(at('d').uid, process.getuid?.());
    assert.equal(at('l').mtimeMs, 1000);
  });

  test('bad outputs are rejected', async () => {
    assert.match(
      (await failure('missing', 'true')).message,
      /failed to produce output path for output 'out'/,
    );
    assert.match(
      (await failure('writable', 'mkdir $out; chmod 775 $out')).message,
      /suspicious ownership or permission/,
    );
    assert.match((await failure('fifo', 'mkdir $out; mkfifo $out/f')).message, /unsupported type/);
    assert.match(
      (await failure('socket', 'nc -l -s 127.0.0.1 -p 1 -e true & mkfifo $out')).message,
      /unsupported type/,
    );
    const link = await scratch.make({ name: 'to-passwd', script: 'ln -s /etc/passwd $out' });
    assert.equal(link.result.error, undefined);
    assert.notEqual(statSync('/etc/passwd').mtimeMs, 1000);
  });

  test('several outputs may refer to each other, but not in a circle', async () => {
    const made = await scratch.make({
      name: 'multi',
      outputs: ['out', 'lib'],
      script: 'echo $lib > $out; echo > $lib',
    });
    assert.equal(made.result.error, undefined);
    const cycle = await failure('cycle', 'echo $lib > $out; echo $out > $lib', {}, ['out', 'lib']);
    assert.match(cycle.message, /cycle detected in build of/);
  });

  test('reference checks', async () => {
    const { outputs, drvPath } = await scratch.make({ name: 'dependency', script: 'echo > $out' });
    const make = (name: string, env: Record<string, string>) =>
      scratch.make({ name, inputs: [{ drvPath }], script: `echo ${outputs.out} > $out`, env });
    const forbidden = await make('forbidden', { disallowedReferences: outputs.out });
    assert.match(
      forbidden.result.error!.message,
      /is not allowed to refer to the following paths:\n {2}\/nix\/store\/.*-dependency/,
    );
    assert.equal((await make('none', { allowedReferences: '' })).result.status, 'failed');
    assert.equal(
      (await make('some', { allowedReferences: outputs.out, allowedRequisites: outputs.out })).result.status,
      'built',
    );
  });

  test('passAsFile, placeholders and exported references', async () => {
    const dependency = await scratch.make({ name: 'exported', script: 'echo > $out' });
    const made = await scratch.make({
      name: 'files',
      inputs: [dependency],
      env: { big: 'large text', passAsFile: 'big', exportReferencesGraph: `graph ${dependency.outputs.out}` },
      script: 'cat $bigPath > $out; echo "$big." >> $out; cat graph >> $out',
    });
    assert.equal(made.result.error, undefined);
    assert.equal(
      readFileSync(scratch.real(made.outputs.out), 'utf8'),
      `large text.\n${dependency.outputs.out}\n\n0\n`,
    );
  });

  test('structured attributes come as JSON and as shell', async () => {
    const json =
      '{"f":1.0,"list":[1,"two"],"n":9007199254740993,"name":"structured","quote":"it\'s","set":{"a":true}}';
    const made = await scratch.make({
      name: 'structured',
      env: { __json: json },
      script: `o=$(sed -n "s/.*\\['out'\\]='\\([^']*\\)'.*/\\1/p" $NIX_ATTRS_SH_FILE); cat $NIX_ATTRS_JSON_FILE $NIX_ATTRS_SH_FILE > $o`,
    });
    assert.equal(made.result.error, undefined);
    const { out } = made.outputs;
    assert.equal(
      readFileSync(scratch.real(out), 'utf8'),
      `${json.slice(0, -1).replace(',"quote"', `,"outputs":{"out":"${out}"},"quote"`)}}` +
        `declare f=1\ndeclare -a list=(1 'two' )\ndeclare n=9007199254740993\ndeclare name='structured'\n` +
        `declare -A outputs=(['out']='${out}' )\ndeclare quote='it'\\''s'\ndeclare -A set=(['a']=1 )\n`,
    );
  });

  test('a failure tells exit status and last lines; the log is kept', async () => {
    const error = await failure(
      'failing',
      'for i in $(seq 1 40); do echo line $i; done; echo oops >&2; exit 3',
    );
    assert.equal(error.exitStatus, 100);
    assert.match(
      error.message,
      /^builder for '.*-failing.drv' failed with exit code 3;\nlast 25 log lines:\n> line 17\n/,
    );
    assert.match(
      error.message,
      /> oops\nFor full logs, run:\n {2}nix-store -l \/nix\/store\/.*-failing.drv$/,
    );
    const { drvPath } = await scratch.add({
      name: 'failing',
      script: 'for i in $(seq 1 40); do echo line $i; done; echo oops >&2; exit 3',
    });
    const log = readFileSync(`${buildLogPath(scratch.store.logDir, drvPath.baseName)}.bz2`);
    assert.equal(
      Buffer.from(decodeBzip2(log)).toString(),
      `${Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`).join('')}oops\n`,
    );
  });

  test('lines and phases reach the logger', async () => {
    await output(
      'lines',
      'echo one; echo \'@nix { "action": "setPhase", "phase": "check" }\'; printf "50%%\\r100%%\\n"; echo > $out; echo two > /dev/stderr',
    );
    const results = scratch.logger.results.slice(-8);
    const lines = results
      .filter((each) => each.type === ResultType.buildLogLine)
      .map((each) => each.fields[0]);
    assert.deepEqual(lines, ['one', '100%', 'two']);
    assert.ok(results.some((each) => each.type === ResultType.setPhase && each.fields[0] === 'check'));
  });

  test('limits on time, silence and output', async () => {
    const { drvPath } = await scratch.add({
      name: 'endless',
      script: 'while true; do echo x; sleep 0.2; done',
    });
    const timeout = await scratch.build(drvPath, { timeoutSeconds: 1 });
    assert.match(timeout.error!.message, /timed out after 1 seconds$/);
    assert.equal(timeout.error!.exitStatus, 101);
    const quiet = await scratch.add({ name: 'quiet', script: 'sleep 60' });
    const silence = await scratch.build(quiet.drvPath, { maxSilentTimeSeconds: 1 });
    assert.match(silence.error!.message, /timed out after 1 seconds of silence$/);
    const loud = await scratch.add({ name: 'loud', script: 'yes' });
    const tooMuch = await scratch.build(loud.drvPath, { maxLogSizeBytes: 100_000 });
    assert.match(tooMuch.error!.message, /killed after writing more than 100000 bytes of log output$/);
    if (root) assert.deepEqual(processesOf(firstBuildUser), []);
  });

  test('what a builder leaves running ends with it', async () => {
    const text = await output(
      'daemon',
      '(setsid sh -c "sleep 600; echo late > $out" > /dev/null 2>&1 &) ; echo early > $out',
    );
    assert.equal(text, 'early\n');
    if (root) assert.deepEqual(processesOf(firstBuildUser), []);
  });

  test("a kept build directory is the caller's alone, without the odd files", async () => {
    const { drvPath } = await scratch.add({
      name: 'kept',
      script: 'mkdir d; echo x > d/f; chmod 777 d/f; mkfifo p; ln -s / l; chmod 777 .; exit 1',
    });
    const result = await scratch.build(drvPath, { keepFailed: true });
    assert.equal(result.status, 'failed');
    const kept = join(scratch.directory, 'tmp', 'nix-build-kept-0');
    assert.equal(statSync(kept).mode & 0o7777, 0o700);
    assert.equal(statSync(join(kept, 'd/f')).uid, process.getuid?.());
    assert.deepEqual(readdirSync(kept).sort(), ['d', 'l']);
  });

  test('nothing is left in the store after failures', () => {
    const odd = readdirSync(scratch.store.realStoreDir).filter((name) => /\.(chroot|lock|tmp)/.test(name));
    assert.deepEqual(odd, []);
  });

  test('failures of dependencies: fast, or going on', async () => {
    const bad = await scratch.add({ name: 'bad', script: 'exit 1' });
    const good = await scratch.add({ name: 'good', script: 'echo > $out' });
    const user = await scratch.add({ name: 'bad-user', inputs: [bad, good], script: 'echo > $out' });
    const installables = [user, good].map(({ drvPath }) => ({ drvPath, outputs: [] }));
    const [first, second] = await scratch.builder({ keepGoing: true }).buildPaths(installables);
    assert.match(first.error!.message, /^1 dependencies of derivation '.*-bad-user.drv' failed to build$/);
    assert.equal(first.error!.exitStatus, 100);
    assert.equal(second.status, 'built');
    assert.match(scratch.logger.errors.at(-1)!.message, /builder for '.*-bad.drv' failed with exit code 1/);
    const plan = scratch.builder().queryMissing(installables);
    assert.deepEqual(
      plan.willBuild.map((path) => path.name),
      ['bad.drv', 'bad-user.drv'],
    );
  });

  test('what this machine cannot build is refused', async () => {
    const feature = await failure('feature', 'true', { requiredSystemFeatures: 'quantum' });
    assert.match(feature.message, /^a '.*-linux' with features \{quantum\} is required to build/);
    const open = await failure('open', 'true', { __noChroot: '1' });
    assert.match(open.message, /has '__noChroot' set, but that's not allowed/);
    const { drvPath } = await scratch.add({ name: 'unsandboxed', script: 'echo > $out' });
    const unsandboxed = await scratch.build(drvPath, { sandbox: 'off' });
    assert.match(unsandboxed.error!.message, /cannot build without a sandbox: the store's files are in/);
  });

  test('checking builds again and compares', async () => {
    const same = await scratch.make({ name: 'same', script: 'echo > $out' });
    const random = await scratch.make({ name: 'random', script: 'cat /proc/sys/kernel/random/uuid > $out' });
    const check = async (drvPath: StorePath, settings = {}) =>
      (await scratch.builder(settings).buildPaths([{ drvPath, outputs: [] }], { mode: 'check' }))[0];
    assert.equal((await check(same.drvPath)).status, 'built');
    const differs = await check(random.drvPath, { keepFailed: true });
    assert.match(
      differs.error!.message,
      /may not be deterministic: output '(.*-random)' differs from '\1.check'$/,
    );
    assert.equal(differs.error!.exitStatus, 104);
    assert.notEqual(
      readFileSync(`${scratch.real(random.outputs.out)}.check`, 'utf8'),
      readFileSync(scratch.real(random.outputs.out), 'utf8'),
    );
    const never = await scratch.add({ name: 'never-built', script: 'echo > $out' });
    assert.match((await check(never.drvPath)).error!.message, /are not valid, so checking is not possible/);
  });

  test('a builtin environment of links', async () => {
    const one = await scratch.make({
      name: 'one',
      script: 'mkdir -p $out/bin $out/share/one; echo 1 > $out/bin/a; echo x > $out/share/one/f',
    });
    const two = await scratch.make({
      name: 'two',
      script: 'mkdir -p $out/bin $out/nix-support; echo 2 > $out/bin/a; echo b > $out/bin/b',
    });
    const manifest = await scratch.store.addText('manifest.nix', '[]', []);
    const make = (name: string, priority: number) =>
      scratch.make({
        name,
        builder: 'builtin:buildenv',
        inputs: [one, two],
        sources: [manifest],
        env: {
          derivations: `true 5 1 ${one.outputs.out} true ${priority} 1 ${two.outputs.out}`,
          manifest: `/nix/store/${manifest.baseName}`,
        },
      });
    const made = await make('environment-of-two', 6);
    assert.equal(made.result.error, undefined);
    const out = scratch.real(made.outputs.out);
    assert.equal(readlinkSync(join(out, 'bin/a')), `${one.outputs.out}/bin/a`);
    assert.equal(readlinkSync(join(out, 'bin/b')), `${two.outputs.out}/bin/b`);
    assert.equal(readlinkSync(join(out, 'share')), `${one.outputs.out}/share`);
    assert.deepEqual(readdirSync(out).sort(), ['bin', 'manifest.nix', 'share']);
    const conflict = await make('conflict', 5);
    assert.match(conflict.result.error!.message, /There is a conflict for the following files/);
  });

  test('a builtin channel: the one directory of a tarball, under its name', async () => {
    const directory = mkdtempSync(join(scratch.directory, 'tar-'));
    mkdirSync(join(directory, 'nixexprs-1.0/lib'), { recursive: true });
    writeFileSync(join(directory, 'nixexprs-1.0/default.nix'), '{ }');
    const [tar, ...args] = toolCommand(sandboxToolsIn(toolsDirectory!), 'busybox');
    const file = join(directory, 'nixexprs.tar.gz');
    await runProcess({ program: tar, args: [...args, 'tar', '-czf', file, '-C', directory, 'nixexprs-1.0'] });
    const source = await scratch.store.addPath('nixexprs.tar.gz', file);
    const make = (channelName: string) =>
      scratch.make({
        name: 'channel',
        builder: 'builtin:unpack-channel',
        sources: [source],
        env: { src: `/nix/store/${source.baseName}`, channelName },
      });
    const made = await make('mine');
    assert.equal(made.result.error, undefined);
    assert.equal(readFileSync(join(scratch.real(made.outputs.out), 'mine/default.nix'), 'utf8'), '{ }');
    const outside = await make('../outside');
    assert.match(
      outside.result.error!.message,
      /channelName is not allowed to contain filesystem separators/,
    );
  });

  test('without a sandbox, in a store at its own place', async () => {
    const directory = mkdtempSync(join(scratch.directory, 'own-'));
    chmodSync(scratch.directory, 0o755);
    chmodSync(directory, 0o755);
    await using own = await ScratchBuilder.openOwnPlace(directory);
    const script = '{ id -u; pwd; ls $NIX_BUILD_TOP; } > $out; cat /etc/hostname > /dev/null 2>&1; echo seen';
    const { drvPath, outputs } = await own.add({ name: 'open', script, env: { PATH: '/bin:/usr/bin' } });
    const closed = join(scratch.directory, 'closed');
    cpSync(toolsDirectory!, join(closed, 'tools'), { recursive: true, verbatimSymlinks: true });
    chmodSync(closed, 0o700);
    const result = await own.build(
      drvPath,
      { sandbox: 'off' },
      undefined,
      sandboxToolsIn(join(closed, 'tools')),
    );
    assert.equal(result.error, undefined);
    const [uid, workingDirectory] = readFileSync(own.real(outputs.out), 'utf8').split('\n');
    assert.equal(Number(uid), root ? firstBuildUser : process.getuid?.());
    assert.match(workingDirectory, /-open.drv.chroot\/build$/);
    assert.ok(own.logger.messages.some(({ message }) => /without a sandbox/.test(message)));
    const { drvPath: failing } = await own.add({ name: 'open-failing', script: 'echo x > $out; exit 1' });
    assert.equal((await own.build(failing, { sandbox: 'off' })).status, 'failed');
  });

  test('interrupting ends everything and leaves the store as it was', async () => {
    const { drvPath, outputs } = await scratch.add({
      name: 'interrupted',
      script: 'echo started; echo > $out; sleep 600',
    });
    const controller = new AbortController();
    const building = scratch.build(drvPath, {}, controller.signal);
    while (!scratch.logger.results.some((each) => each.fields[0] === 'started')) await sleep(10);
    controller.abort();
    await assert.rejects(building, Interrupted);
    assert.equal(existsSync(scratch.real(outputs.out)), false);
    assert.equal(existsSync(`${scratch.store.toRealPath(drvPath)}.chroot`), false);
    if (root) assert.deepEqual(processesOf(firstBuildUser), []);
  });

  test('two builders of one store build a thing once', async () => {
    const { drvPath } = await scratch.add({ name: 'once', script: 'sleep 0.5; echo > $out' });
    const other = await ScratchBuilder.open(scratch.directory);
    const [a, b] = await Promise.all([scratch.build(drvPath), other.build(drvPath)]);
    assert.deepEqual([a.error, b.error], [undefined, undefined]);
    const builds = [scratch, other].flatMap((each) =>
      each.logger.activities.filter((activity) => /^building .*-once/.test(activity.text)),
    );
    assert.equal(builds.length, 1);
    other.store.close();
  });
});
