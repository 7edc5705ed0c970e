/** All builtins, joined: the global names and the set `builtins`. */
import { delay } from '../call.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import { AttrSetBuilder, type Lazy, PrimOp } from '../value.ts';
import { addPathBuiltins } from './add-path.ts';
import { arithmeticBuiltins } from './arithmetic.ts';
import { constants } from './constants.ts';
import { contextBuiltins } from './context.ts';
import { controlBuiltins } from './control.ts';
import { derivationBuiltins } from './derivation.ts';
import { fetchClosureBuiltins } from './fetch-closure.ts';
import { fetchTreeBuiltins } from './fetch-tree.ts';
import { fetchUrlBuiltins } from './fetch-url.ts';
import { flakeRefBuiltins } from './flake-refs.ts';
import { hashBuiltins } from './hashes.ts';
import { importBuiltins } from './import.ts';
import { jsonBuiltins } from './json.ts';
import { listBuiltins } from './lists.ts';
import { outputOfBuiltins } from './output-of.ts';
import { pathBuiltins } from './paths.ts';
import type { BuiltinTable } from './registry.ts';
import { setBuiltins } from './sets.ts';
import { stringBuiltins } from './strings.ts';
import { tomlBuiltins } from './toml.ts';
import { typeBuiltins } from './types.ts';
import { xmlBuiltins } from './xml.ts';

const tables: readonly BuiltinTable[] = [
  addPathBuiltins,
  arithmeticBuiltins,
  contextBuiltins,
  controlBuiltins,
  derivationBuiltins,
  fetchClosureBuiltins,
  fetchTreeBuiltins,
  fetchUrlBuiltins,
  flakeRefBuiltins,
  hashBuiltins,
  importBuiltins,
  jsonBuiltins,
  listBuiltins,
  outputOfBuiltins,
  pathBuiltins,
  setBuiltins,
  stringBuiltins,
  tomlBuiltins,
  typeBuiltins,
  xmlBuiltins,
];

/** The name inside `builtins` of a name as declared. */
function shortName(name: string): string {
  return name.startsWith('__') ? name.slice(2) : name;
}

/** Flakes bring `fetchTree` with them. */
function isOn(feature: string, features: ReadonlySet<string>): boolean {
  return features.has(feature) || (feature === 'fetch-tree' && features.has('flakes'));
}

/** The global names, `builtins` among them, for one session. */
export function makeGlobals(runtime: Runtime, more: BuiltinTable = []): Map<string, Lazy> {
  const globals = new Map<string, Lazy>();
  const { pureEval, experimentalFeatures } = runtime.settings;
  for (const { name, value, impureOnly } of constants) {
    if (!(impureOnly && pureEval))
      globals.set(
        name,
        delay(() => value(runtime)),
      );
  }
  for (const literal of [true, false, null]) globals.set(String(literal), literal);
  for (const table of [...tables, more]) {
    for (const spec of table) {
      if (spec.feature !== undefined && !isOn(spec.feature, experimentalFeatures)) continue;
      globals.set(spec.name, new PrimOp({ ...spec, name: shortName(spec.name) }, runtime));
    }
  }
  const builder = new AttrSetBuilder();
  const builtins: Lazy = delay(() => builder.build());
  for (const [name, value] of globals) builder.add(intern(shortName(name)), value);
  builder.add(intern('builtins'), builtins);
  globals.set('builtins', builtins);
  return globals;
}
