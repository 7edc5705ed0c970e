import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOf } from './keys.ts';
import { TestMachine } from './machine.ts';
import { variableName } from './manifest.ts';
import { machineMethods } from './methods.ts';
import { bindArguments } from './script-process.ts';

function method(name: string) {
  const found = machineMethods.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
}

test('every method of the manual and of its time is there, by its name', () => {
  const names = new Set(machineMethods.map(({ camelName }) => camelName));
  const wanted =
    'start shutdown crash block unblock screenshot getScreenText sendMonitorCommand sendKeys sendChars execute succeed mustSucceed fail mustFail waitUntilSucceeds waitUntilFails waitForUnit waitForJob getUnitInfo waitForFile startJob stopJob waitForOpenPort waitForClosedPort waitForX waitForText getWindowNames waitForWindow copyFileFromHost waitForShutdown isUp connect sleep forwardPort log';
  for (const name of wanted.split(' ')) {
    assert.ok(names.has(name), name);
    assert.equal(
      typeof (TestMachine.prototype as unknown as Record<string, unknown>)[name],
      'function',
      name,
    );
  }
  assert.equal(new Set(machineMethods.map(({ name }) => name)).size, machineMethods.length);
});

test('arguments are bound by place and by name', () => {
  assert.deepEqual(bindArguments(method('wait_for_unit'), ['sshd'], { timeout: 5 }), {
    unit: 'sshd',
    timeout: 5,
  });
  assert.deepEqual(bindArguments(method('succeed'), ['a', 'b'], { timeout: null }), {
    commands: ['a', 'b'],
    timeout: null,
  });
  assert.deepEqual(bindArguments(method('wait_for_text'), ['x', 3], {}), { regex: 'x', timeout: 3 });
});

test('wrong arguments are told by name', () => {
  const wrong: readonly [string, unknown[], Record<string, unknown>, RegExp][] = [
    ['crash', ['now'], {}, /'crash' takes at most 0 arguments, not 1/],
    ['wait_for_unit', ['a'], { timout: 1 }, /'wait_for_unit' has no parameter 'timout'/],
    ['wait_for_unit', ['a'], { unit: 'b' }, /got its parameter 'unit' twice/],
  ];
  for (const [name, args, named, expected] of wrong)
    assert.throws(() => bindArguments(method(name), args, named), expected);
});

test('keys of characters', () => {
  const rows = {
    a: 'a',
    A: 'shift-a',
    '\n': 'ret',
    '"': 'shift-apostrophe',
    '7': '7',
    'ctrl-alt-delete': 'ctrl-alt-delete',
  };
  for (const [character, key] of Object.entries(rows)) assert.equal(keysOf(character), key);
});

test('variables of machines', () => {
  assert.equal(variableName('web-1'), 'web_1');
  assert.equal(variableName('1st'), '_1st');
});
