import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { strongComponents } from './strong-components.ts';

const sorted = (components: number[][]) =>
  components.map((members) => members.toSorted((a, b) => a - b)).toSorted((a, b) => a[0] - b[0]);

test('two cycles joined by an edge, and a node beside them', () => {
  assert.deepEqual(sorted(strongComponents([[1], [0, 2], [3], [2], []])), [[0, 1], [2, 3], [4]]);
});

test('a chain of 200,000 nodes and a cycle as long', () => {
  const size = 200_000;
  const chain = Array.from({ length: size }, (_, i) => (i + 1 < size ? [i + 1] : []));
  assert.equal(strongComponents(chain).length, size);
  assert.equal(strongComponents(chain.with(size - 1, [0])).length, 1);
});

const graph = fc.integer({ min: 0, max: 8 }).chain((size) =>
  fc.array(fc.array(fc.nat({ max: Math.max(0, size - 1) }), { maxLength: 4 }), {
    minLength: size,
    maxLength: size,
  }),
);

test('property: two nodes share a component exactly when each reaches the other; components come in order', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const reaches = edges.map((_, start) => reachable(edges, start));
      const components = strongComponents(edges);
      const componentOf = new Map(
        components.flatMap((members, number) => members.map((node) => [node, number])),
      );
      assert.equal(componentOf.size, edges.length);
      for (let a = 0; a < edges.length; a++) {
        for (let b = 0; b < edges.length; b++) {
          const together = a === b || (reaches[a].has(b) && reaches[b].has(a));
          assert.equal(componentOf.get(a) === componentOf.get(b), together);
        }
        for (const b of edges[a]) assert.ok(componentOf.get(b)! <= componentOf.get(a)!);
      }
    }),
  );
});

function reachable(edges: readonly (readonly number[])[], start: number): Set<number> {
  const seen = new Set<number>();
  const pending = [...edges[start]];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...edges[node]);
  }
  return seen;
}
