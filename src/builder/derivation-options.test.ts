import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDerivation } from '../formats/index.ts';
import { readDerivationOptions } from './derivation-options.ts';
import { formatJson, type NumberLiteral, parseJson } from './exact-json.ts';
import { structuredAttrsFiles } from './structured-attrs.ts';

const read = (env: Record<string, string>) =>
  readDerivationOptions({ ...emptyDerivation(), env: new Map(Object.entries(env)) }, '/nix/store/x.drv');

test('options from the environment', () => {
  const options = read({
    allowedReferences: ' /nix/store/a  out\n',
    disallowedRequisites: '/nix/store/b',
    passAsFile: 'one two',
    exportReferencesGraph: 'graph /nix/store/c',
    requiredSystemFeatures: 'kvm big-parallel kvm',
    preferLocalBuild: '1',
    allowSubstitutes: '',
    impureEnvVars: 'http_proxy',
    __noChroot: '1',
  });
  const checks = options.outputChecks('out')!;
  assert.deepEqual(checks.allowedReferences, ['/nix/store/a', 'out']);
  assert.equal(checks.allowedRequisites, undefined);
  assert.deepEqual(checks.disallowedRequisites, ['/nix/store/b']);
  assert.deepEqual([...options.passAsFile], ['one', 'two']);
  assert.deepEqual([...options.exportReferencesGraph], [['graph', ['/nix/store/c']]]);
  assert.deepEqual(options.requiredSystemFeatures, ['big-parallel', 'kvm']);
  assert.deepEqual(
    [options.preferLocalBuild, options.allowSubstitutes, options.noChroot],
    [true, false, true],
  );
  assert.deepEqual(options.impureEnvVars, ['http_proxy']);
});

test('an empty list of allowed references allows none, an absent one all', () => {
  assert.deepEqual(read({ allowedReferences: '' }).outputChecks('out')?.allowedReferences, []);
  assert.equal(read({}).outputChecks('out')?.allowedReferences, undefined);
});

test('options from structured attributes', () => {
  const json = JSON.stringify({
    outputChecks: { out: { maxSize: 10, allowedReferences: ['lib'] }, lib: { maxClosureSize: 20 } },
    unsafeDiscardReferences: { out: true, lib: false },
    exportReferencesGraph: { graph: ['/nix/store/a', ['/nix/store/b']] },
    requiredSystemFeatures: ['kvm'],
    preferLocalBuild: true,
    passAsFile: ['ignored'],
  });
  const options = read({ __json: json, allowedReferences: 'ignored' });
  assert.equal(options.outputChecks('out')?.maxSizeBytes, 10);
  assert.deepEqual(options.outputChecks('out')?.allowedReferences, ['lib']);
  assert.equal(options.outputChecks('lib')?.maxClosureSizeBytes, 20);
  assert.equal(options.outputChecks('doc'), undefined);
  assert.deepEqual([...options.unsafeDiscardReferences], ['out']);
  assert.deepEqual([...options.exportReferencesGraph], [['graph', ['/nix/store/a', '/nix/store/b']]]);
  assert.deepEqual([options.passAsFile.size, options.preferLocalBuild], [0, true]);
});

for (const [name, env, message] of [
  [
    'broken JSON',
    { __json: '{' },
    /cannot process __json attribute: .*, in derivation '\/nix\/store\/x.drv'/,
  ],
  ['JSON that is no object', { __json: '[]' }, /it is not an object/],
  ['a flag of the wrong type', { __json: '{"__noChroot":1}' }, /'__noChroot' must be true or false/],
  [
    'a list of the wrong type',
    { __json: '{"impureEnvVars":"x"}' },
    /'impureEnvVars' must be a list of strings/,
  ],
  ['half a pair', { exportReferencesGraph: 'graph' }, /odd number of tokens/],
  [
    'a file name that leaves the directory',
    { exportReferencesGraph: '../x /nix/store/a' },
    /invalid file name '..\/x'/,
  ],
] as const) {
  test(`refused: ${name}`, () => {
    assert.throws(() => read(env), message);
  });
}

test('JSON keeps numbers as they are and sorts keys by bytes', () => {
  const text = '{"é":1.0,"z":-0.5e10,"a":[9007199254740993,null,true,"\\u001f\\"x"],"Z":{}}';
  const sorted = '{"Z":{},"a":[9007199254740993,null,true,"\\u001f\\"x"],"z":-0.5e10,"é":1.0}';
  assert.equal(formatJson(parseJson(text)), sorted);
  assert.equal((parseJson('12') as NumberLiteral).text, '12');
  assert.ok((parseJson('{"__proto__":1}') as ReadonlyMap<string, unknown>).has('__proto__'));
});

test('the shell gets what Bash can declare', () => {
  const value = parseJson('{"a":"it\'s","b":[1,[2]],"c":{"x y":null},"d":1.5,"no-name":1,"e":false}');
  const { shell, json } = structuredAttrsFiles(value as ReadonlyMap<string, never>);
  assert.equal(shell, "declare a='it'\\''s'\ndeclare -A c=(['x y']='' )\ndeclare e=\n");
  assert.ok(json.startsWith('{"a":'));
});
