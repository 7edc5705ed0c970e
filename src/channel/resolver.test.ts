import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { satisfiesVersion } from './debian-version.ts';
import type { BinaryPackage } from './package-index.ts';
import { splitRelationGroups, tryParseRelationGroup } from './relation.ts';
import { resolvePackages } from './resolver.ts';

type Fields = Partial<
  Pick<BinaryPackage, 'version' | 'depends' | 'preDepends' | 'provides' | 'essential' | 'priority'>
>;

function index(entries: Readonly<Record<string, Fields>>): Map<string, BinaryPackage> {
  return new Map(
    Object.entries(entries).map(([name, fields]) => [
      name,
      {
        name,
        version: '1',
        archive: 'debian',
        file: `pool/${name}.deb`,
        sizeBytes: 1,
        sha256: '0'.repeat(64),
        installedSizeKiB: 1,
        description: '',
        section: '',
        essential: false,
        ...fields,
      },
    ]),
  );
}

interface Case {
  readonly name: string;
  readonly packages: Readonly<Record<string, Fields>>;
  /** Expected dependencies of the package `it`. */
  readonly depends: readonly string[];
  readonly missing?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: 'Depends and Pre-Depends together, sorted, once',
    packages: { it: { depends: 'c, b', preDepends: 'b, a' }, a: {}, b: {}, c: {} },
    depends: ['a', 'b', 'c'],
  },
  {
    name: 'the first alternative that exists',
    packages: { it: { depends: 'no | b | a' }, a: {}, b: {} },
    depends: ['b'],
  },
  {
    name: 'an alternative in a version that does not exist is passed over',
    packages: { it: { depends: 'b (>= 2) | a' }, a: {}, b: {} },
    depends: ['a'],
  },
  {
    name: 'an alternative that is there already wins over the first',
    packages: { it: { depends: 'b | a, a' }, a: {}, b: {} },
    depends: ['a'],
  },
  {
    name: 'an essential alternative wins over the first',
    packages: { it: { depends: 'b | a' }, a: { essential: true }, b: {} },
    depends: ['a'],
  },
  { name: 'itself is no dependency', packages: { it: { depends: 'it, a' }, a: {} }, depends: ['a'] },
  {
    name: 'what it provides itself is no dependency',
    packages: { it: { provides: 'v', depends: 'v' }, a: { provides: 'v' } },
    depends: [],
  },
  {
    name: 'a virtual name: the bytewise least provider',
    packages: { it: { depends: 'v' }, b: { provides: 'v' }, a: { provides: 'w, v' } },
    depends: ['a'],
  },
  {
    name: 'a virtual name: priority counts before the alphabet',
    packages: { it: { depends: 'v' }, b: { provides: 'v', priority: 'required' }, a: { provides: 'v' } },
    depends: ['b'],
  },
  {
    name: 'a virtual name: the preference table counts before all',
    packages: {
      it: { depends: 'awk' },
      gawk: { provides: 'awk' },
      mawk: { provides: 'awk', priority: 'required' },
    },
    depends: ['gawk'],
  },
  {
    name: 'a real package wins over providers of its name',
    packages: { it: { depends: 'v' }, a: { provides: 'v' }, v: {} },
    depends: ['v'],
  },
  {
    name: 'a provider helps where the real package is too old',
    packages: { it: { depends: 'v (>= 2)' }, a: { provides: 'v (= 2.5)' }, v: {} },
    depends: ['a'],
  },
  {
    name: 'an unversioned Provides satisfies no versioned relation',
    packages: { it: { depends: 'v (>= 1)' }, a: { provides: 'v', version: '5' } },
    depends: [],
    missing: ['v (>= 1)'],
  },
  {
    name: ':any and :native are of no weight',
    packages: { it: { depends: 'a:any, b:native' }, a: {}, b: {} },
    depends: ['a', 'b'],
  },
  {
    name: "another architecture's package is missing",
    packages: { it: { depends: 'a:i386, b' }, a: {}, b: {} },
    depends: ['b'],
    missing: ['a:i386'],
  },
  {
    name: 'what nothing satisfies is kept as written',
    packages: { it: { depends: 'no (= 1) | never, ${bad}' } },
    depends: [],
    missing: ['no (= 1) | never', '${bad}'],
  },
  {
    name: 'names that objects have of their own',
    packages: { it: { depends: 'constructor | a' }, a: {} },
    depends: ['a'],
  },
];
for (const { name, packages, depends, missing } of cases) {
  test(name, () => {
    const resolution = resolvePackages(index(packages));
    assert.deepEqual(resolution.depends.get('it'), depends);
    assert.deepEqual(resolution.missing.get('it'), missing);
  });
}

test('groups: cycles are named after their bytewise least member, others have none', () => {
  const packages = index({
    z: { depends: 'm' },
    m: { depends: 'a' },
    a: { depends: 'z, solo' },
    solo: {},
    user: { depends: 'm' },
  });
  assert.deepEqual(
    [...resolvePackages(packages).groups],
    [
      ['a', 'a'],
      ['m', 'a'],
      ['z', 'a'],
    ],
  );
});

test('provides: only names that no package has', () => {
  const packages = index({ a: { provides: 'v, w (= 1), real' }, b: { provides: 'v' }, real: {} });
  assert.deepEqual(
    [...resolvePackages(packages).provides],
    [
      ['v', 'a'],
      ['w', 'a'],
    ],
  );
});

const names = ['a', 'b', 'c', 'd', 'e'];
const relation = fc
  .tuple(
    fc.constantFrom(...names, 'v', 'w'),
    fc.constantFrom('', ' (>= 2)', ' (<< 2)', ' (= 1)', ':any', ':i386'),
  )
  .map(([name, suffix]) => name + suffix);
const group = fc.array(relation, { minLength: 1, maxLength: 3 }).map((list) => list.join(' | '));
const fields = fc.record({
  version: fc.constantFrom('1', '2', '3'),
  depends: fc.array(group, { maxLength: 4 }).map((list) => list.join(', ')),
  provides: fc.constantFrom('', 'v', 'w (= 2)', 'v, w (= 1)'),
  essential: fc.boolean(),
});
const anyIndex = fc.dictionary(fc.constantFrom(...names), fields, { noNullPrototype: true }).map(index);

test('property: every group is satisfied by a chosen package or is missing', () => {
  fc.assert(
    fc.property(anyIndex, (packages) => {
      const resolution = resolvePackages(packages);
      for (const item of packages.values()) {
        const depends = resolution.depends.get(item.name)!;
        assert.deepEqual(depends, depends.toSorted());
        assert.ok(!depends.includes(item.name));
        assert.ok(depends.every((name) => packages.has(name)));
        const missing = resolution.missing.get(item.name) ?? [];
        for (const text of splitRelationGroups(item.depends)) {
          const isSatisfied = [item.name, ...depends].some((name) => satisfies(packages.get(name)!, text));
          assert.equal(missing.includes(text), !isSatisfied, `${item.name}: ${text}`);
        }
      }
    }),
  );
});

function satisfies(item: BinaryPackage, text: string): boolean {
  return tryParseRelationGroup(text)!.some((wanted) => {
    if (wanted.qualifier === 'i386') return false;
    const offers = [
      { name: item.name, version: item.version },
      ...splitRelationGroups(item.provides).map((provided) => tryParseRelationGroup(provided)![0]),
    ];
    return offers.some(({ name, version }) => {
      if (name !== wanted.name) return false;
      if (!wanted.relation) return true;
      return version !== undefined && satisfiesVersion(version, wanted.relation, wanted.version!);
    });
  });
}

test('property: the result does not depend on the order of the packages', () => {
  fc.assert(
    fc.property(anyIndex, (packages) => {
      const reversed = resolvePackages(new Map([...packages].reverse()));
      const resolution = resolvePackages(packages);
      for (const name of packages.keys())
        assert.deepEqual(reversed.depends.get(name), resolution.depends.get(name));
      assert.deepEqual(reversed.groups, resolution.groups);
      assert.deepEqual(reversed.provides, resolution.provides);
    }),
  );
});
