/**
 * An esbuild plugin: imports through a part's `index.ts` become imports of the files that it re-exports. What a program
 * loads then depends on the names it uses, not on all that the part has; esbuild alone splits by file reached.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/** Exported name -> file and name there. */
type Exports = ReadonlyMap<string, { readonly file: string; readonly name: string }>;

const known = new Map<string, Exports>();

/** What an index re-exports by name; types are left out. */
function exportsOf(index: string): Exports {
  let exports = known.get(index);
  if (exports === undefined) {
    exports = new Map(readExports(index));
    known.set(index, exports);
  }
  return exports;
}

function* readExports(index: string): Iterable<[string, { file: string; name: string }]> {
  const text = readFileSync(index, 'utf8');
  for (const [, names, from] of text.matchAll(/export \{([^}]*)\} from '(\.[^']*)';/g)) {
    const file = join(dirname(index), from);
    for (const { name, as } of valueNames(names)) yield [as, { file, name }];
  }
}

/** The names of an import or export clause, without types. */
function valueNames(clause: string): { name: string; as: string }[] {
  return clause
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '' && !item.startsWith('type '))
    .map((item) => item.split(' as '))
    .map(([name, as = name]) => ({ name, as }));
}

/** A module's text with its imports made direct. */
export function directImports(text: string, file: string): string {
  return text.replaceAll(
    /^import \{([^}]*)\} from '(\.[^']*\/index\.ts)';/gm,
    (_, names: string, from: string) => {
      const index = join(dirname(file), from);
      return valueNames(names)
        .map(({ name, as }) => {
          const target = exportsOf(index).get(name) ?? { file: index, name };
          const path = relative(dirname(file), target.file);
          return `import { ${target.name} as ${as} } from '${path.startsWith('.') ? path : `./${path}`}';`;
        })
        .join(' ');
    },
  );
}

export const directImportsPlugin: Plugin = {
  name: 'direct-imports',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: directImports(readFileSync(path, 'utf8'), path),
      loader: 'ts',
    }));
  },
};
