/** Damaged store paths: built again through their derivers, together with what these read; and builds that are checked. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ActivityType } from '../../src/diagnostics/index.ts';
import type { StorePath } from '../../src/formats/index.ts';
import { deleteTree } from '../../src/platform/index.ts';
import { contentsAreGood, verifyStore } from '../../src/store/index.ts';
import { ScratchBuilder, toolsDirectory } from '../support/scratch-builder.ts';

describe('repair', { skip: toolsDirectory === undefined ? 'FIRN_TEST_BWRAP is not set' : false }, () => {
  let scratch: ScratchBuilder;
  before(async () => {
    scratch = await ScratchBuilder.create();
  });
  after(() => scratch[Symbol.asyncDispose]());

  /** Overwrites a store file (of the host) in place. */
  function damage(file: string): void {
    chmodSync(file, 0o644);
    writeFileSync(file, 'damaged');
    chmodSync(file, 0o444);
  }

  /** Names of the derivations built since the last call. */
  let seen = 0;
  function built(): string[] {
    const activities = scratch.logger.activities.filter((each) => each.type === ActivityType.build);
    const names = activities.slice(seen).map((each) => /-(.*)\.drv$/.exec(String(each.fields[0]))![1]);
    seen = activities.length;
    return names;
  }

  test('a damaged output is built again, after a damaged input; others stay', async () => {
    const input = await scratch.make({ name: 'input', script: 'echo content > $out' });
    const fine = await scratch.make({ name: 'fine', script: 'echo fine > $out' });
    const user = await scratch.make({
      name: 'user',
      outputs: ['out', 'doc'],
      inputs: [input, fine],
      script: `mkdir $out $doc; cat ${input.outputs.out} ${fine.outputs.out} > $out/file; echo ${input.outputs.out} > $doc/page`,
    });
    assert.equal(user.result.error, undefined);
    built();
    damage(scratch.real(input.outputs.out));
    damage(join(scratch.real(user.outputs.out), 'file'));
    const untouched = lstatSync(scratch.real(user.outputs.doc)).ino;
    const path = user.result.outputs.get('out')!;
    assert.equal(await contentsAreGood(scratch.store, path), false);
    await scratch.builder().repairPath(path);
    assert.deepEqual(built(), ['input', 'user']);
    assert.equal(readFileSync(join(scratch.real(user.outputs.out), 'file'), 'utf8'), 'content\nfine\n');
    assert.equal(lstatSync(scratch.real(user.outputs.doc)).ino, untouched);
    assert.equal(await verifyStore(scratch.store, { checkContents: true }), false);
    await scratch.builder().repairPath(path);
    assert.deepEqual(built(), []);
  });

  test('everything that an output refers to is repaired; paths whose files are gone as well', async () => {
    const low = await scratch.make({ name: 'low', script: 'mkdir $out; echo low > $out/f' });
    const top = await scratch.make({ name: 'top', inputs: [low], script: `echo ${low.outputs.out} > $out` });
    built();
    await deleteTree(scratch.real(low.outputs.out));
    assert.equal(existsSync(scratch.real(low.outputs.out)), false);
    const [result] = await scratch
      .builder()
      .buildPaths([{ drvPath: top.drvPath, outputs: [] }], { mode: 'repair' });
    assert.equal(result.error, undefined);
    assert.deepEqual(built(), ['low']);
    assert.equal(readFileSync(join(scratch.real(low.outputs.out), 'f'), 'utf8'), 'low\n');
  });

  test('verification repairs through the builder', async () => {
    const one = await scratch.make({ name: 'verified', script: 'echo good > $out' });
    damage(scratch.real(one.outputs.out));
    assert.equal(await verifyStore(scratch.store, { checkContents: true }), true);
    const builder = scratch.builder();
    const repairPath = (path: StorePath) => builder.repairPath(path);
    assert.equal(await verifyStore(scratch.store, { checkContents: true, repairPath }), false);
    assert.equal(readFileSync(scratch.real(one.outputs.out), 'utf8'), 'good\n');
  });

  test('what no derivation makes cannot be repaired', async () => {
    const source = await scratch.store.addText('source', 'text', []);
    const user = await scratch.make({
      name: 'of-source',
      sources: [source],
      script: `cat /nix/store/${source.baseName} > $out`,
    });
    damage(scratch.store.toRealPath(source));
    await assert.rejects(scratch.builder().repairPath(source), {
      message: `cannot repair path '/nix/store/${source.baseName}'`,
    });
    if (user.result.error) throw user.result.error;
    damage(scratch.real(user.outputs.out));
    await assert.rejects(scratch.builder().repairPath(user.result.outputs.get('out')!), {
      code: 'cannot-repair',
      message: `cannot repair path '/nix/store/${source.baseName}'`,
    });
    await scratch.store.addText('source', 'text', [], { repair: true });
    await scratch.builder().repairPath(user.result.outputs.get('out')!);
    assert.equal(await verifyStore(scratch.store, { checkContents: true }), false);
  });

  test('a rebuild that fails leaves what is there', async () => {
    const flag = join(scratch.directory, 'flag');
    writeFileSync(flag, 'exit 0');
    const sandboxPaths = [{ source: flag, target: '/flag', optional: false }];
    const made = await scratch.make(
      { name: 'fails-later', script: 'echo x > $out; . /flag' },
      { sandboxPaths },
    );
    assert.equal(made.result.error, undefined);
    damage(scratch.real(made.outputs.out));
    writeFileSync(flag, 'exit 1');
    const builder = scratch.builder({ sandboxPaths });
    const path = made.result.outputs.get('out')!;
    await assert.rejects(
      builder.repairPath(path),
      /cannot repair path '.*': builder for .* failed with exit code 1/,
    );
    assert.equal(readFileSync(scratch.real(made.outputs.out), 'utf8'), 'damaged');
    writeFileSync(flag, 'exit 0');
    await builder.repairPath(path);
    assert.equal(readFileSync(scratch.real(made.outputs.out), 'utf8'), 'x\n');
  });

  test('checking builds what was asked for, and not what it needs', async () => {
    const random = 'cat /proc/sys/kernel/random/uuid > $out';
    const input = await scratch.make({ name: 'random-input', script: random });
    const user = await scratch.make({
      name: 'checked',
      inputs: [input],
      script: `cat ${input.outputs.out} > $out`,
    });
    built();
    const check = (drvPath: StorePath) =>
      scratch.builder().buildPaths([{ drvPath, outputs: [] }], { mode: 'check' });
    assert.deepEqual(
      (await check(user.drvPath)).map((each) => each.error),
      [undefined],
    );
    assert.deepEqual(built(), ['checked']);
    assert.equal((await check(input.drvPath))[0].error?.exitStatus, 104);
  });

  test('nothing is left beside the store paths', () => {
    const odd = readdirSync(scratch.store.realStoreDir).filter((name) =>
      /\.(chroot|lock|repair|old)$/.test(name),
    );
    assert.deepEqual(odd, []);
  });
});
