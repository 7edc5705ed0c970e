import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuildError, Interrupted, NixError } from '../diagnostics/index.ts';
import { type Goal, Scheduler, type SchedulerOptions } from './scheduler.ts';

interface FakeOptions {
  dependencies?: Goal[];
  done?: boolean;
  pool?: string;
  run?: (signal: AbortSignal) => Promise<void> | void;
}

class World {
  readonly events: string[] = [];
  running = 0;
  most = 0;

  goal(key: string, options: FakeOptions = {}): Goal {
    return {
      key,
      pool: options.pool ?? 'build',
      prepare: async () => (options.done ? 'done' : (options.dependencies ?? [])),
      run: async (signal) => {
        this.events.push(key);
        this.most = Math.max(this.most, ++this.running);
        try {
          await sleep(1);
          await options.run?.(signal);
        } finally {
          this.running--;
        }
      },
      dependencyFailed: (errors) => new BuildError(`${errors.length} dependencies of ${key} failed`),
    };
  }

  scheduler(options: Partial<SchedulerOptions> = {}): Scheduler {
    return new Scheduler({ places: { build: 2, fetch: 4 }, keepGoing: false, ...options });
  }
}

const statuses = async (scheduler: Scheduler, ...goals: Goal[]) =>
  (await scheduler.realise(goals)).map((outcome) => outcome.status);

test('dependencies come first, shared ones once, present ones not at all', async () => {
  const world = new World();
  const shared = world.goal('shared');
  const present = world.goal('present', { done: true, dependencies: [world.goal('never')] });
  const left = world.goal('left', { dependencies: [shared, present] });
  const right = world.goal('right', { dependencies: [world.goal('shared')] });
  const top = world.goal('top', { dependencies: [left, right] });
  assert.deepEqual(await statuses(world.scheduler(), top, present), ['made', 'present']);
  assert.deepEqual(world.events.toSorted(), ['left', 'right', 'shared', 'top']);
  assert.equal(world.events[0], 'shared');
  assert.equal(world.events.at(-1), 'top');
});

test('no more goals run at a time than there are places', async () => {
  const world = new World();
  const goals = Array.from({ length: 20 }, (_, i) => world.goal(`goal ${i}`));
  await world.scheduler().realise(goals);
  assert.equal(world.most, 2);
  const fetches = Array.from({ length: 20 }, (_, i) => world.goal(`fetch ${i}`, { pool: 'fetch' }));
  await world.scheduler().realise(fetches);
  assert.equal(world.most, 4);
});

const fails = () => {
  throw new BuildError('it broke');
};

test('the first failure stops what runs and starts nothing new', async () => {
  const world = new World();
  let stopped = false;
  const long = world.goal('long', {
    run: (signal) =>
      new Promise((_, reject) => {
        const stop = () => {
          stopped = true;
          reject(new Interrupted());
        };
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop);
      }),
  });
  const waiting = Array.from({ length: 5 }, (_, i) => world.goal(`waiting ${i}`));
  const outcomes = await statuses(world.scheduler(), world.goal('bad', { run: fails }), long, ...waiting);
  assert.deepEqual(outcomes.slice(0, 2), ['failed', 'cancelled']);
  assert.ok(stopped);
  assert.equal(world.running, 0);
  assert.ok(world.events.length < 7);
});

test('with keep-going the rest is made, and users of failed goals fail', async () => {
  const world = new World();
  const bad = world.goal('bad', { run: fails });
  const user = world.goal('user', { dependencies: [bad, world.goal('good')] });
  const other = world.goal('other');
  const outcomes = await world.scheduler({ keepGoing: true }).realise([user, other]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'failed' ? outcome.error.message : outcome.status)),
    ['1 dependencies of user failed', 'made'],
  );
  assert.deepEqual(world.events.toSorted(), ['bad', 'good', 'other']);
});

test('aborting interrupts, and everything has stopped then', async () => {
  const world = new World();
  const controller = new AbortController();
  const goal = world.goal('endless', {
    run: (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Interrupted()))),
  });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(world.scheduler({ signal: controller.signal }).realise([goal]), Interrupted);
  assert.equal(world.running, 0);
});

test('a bug in a goal is thrown as it is', async () => {
  const world = new World();
  const bug = world.goal('bug', {
    run: () => {
      throw new TypeError('a bug');
    },
  });
  await assert.rejects(world.scheduler().realise([bug, world.goal('other')]), (error: unknown) => {
    assert.ok(error instanceof TypeError && !(error instanceof NixError));
    return true;
  });
});

test('chains of ten thousand goals do not overflow the stack', async () => {
  const world = new World();
  let goal = world.goal('0', { done: true });
  for (let i = 1; i < 10_000; i++) {
    const previous = goal;
    goal = { ...world.goal(String(i)), prepare: async () => [previous], run: async () => {} };
  }
  assert.deepEqual(await statuses(world.scheduler(), goal), ['made']);
});
