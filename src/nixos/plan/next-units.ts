/**
 * The units of a configuration that was evaluated but not built. The texts of its own units are known; units of packages
 * are as in the running generation, except that programs of a package with another path now are other programs.
 */
import {
  inOrder,
  type PackagedUnit,
  type UnitDefinition,
  type UnitSource,
  unitFromTexts,
} from '../switch/units.ts';
import { splitName } from './package-changes.ts';

/** The file in which a definition completes a package's unit. */
const DROP_IN = 'overrides.conf';

export interface EvaluatedUnit {
  readonly enable: boolean;
  /** `null` for a unit that only a package defines. */
  readonly text: string | null;
  readonly overrideStrategy: string;
}

export interface NextUnitsInput {
  readonly units: Readonly<Record<string, EvaluatedUnit>>;
  /** Units of the running generation. */
  readonly old: UnitSource;
  /** What the packages of the running generation say of a unit. */
  readonly packaged: (name: string) => PackagedUnit;
  /** Every output of the new configuration's derivations: printed store paths. */
  readonly outputs: readonly string[];
}

export function unitsOfEvaluation(input: NextUnitsInput): UnitSource {
  const byPackage = new Map<string, string>();
  for (const path of input.outputs) byPackage.set(packageOf(path), path);
  const present = new Set(input.outputs);
  return (name) => {
    const evaluated = find(input.units, name);
    const old = input.old(name);
    if (evaluated && !evaluated.enable) return { sections: new Map(), masked: true, programs: [] };
    const { text, dropIns } = input.packaged(name);
    const own = evaluated?.text ?? undefined;
    if (text === undefined && own === undefined) return undefined;
    const added = text === undefined || own === undefined ? dropIns : new Map([...dropIns, [DROP_IN, own]]);
    const texts = [text ?? own ?? '', ...inOrder(added)];
    const programs = (old?.programs ?? []).map((line) => withNewTarget(line, present, byPackage));
    return unitFromTexts(texts, programs);
  };
}

/** An instance has the texts of its template. */
function find(units: Readonly<Record<string, EvaluatedUnit>>, name: string): EvaluatedUnit | undefined {
  if (Object.hasOwn(units, name)) return units[name];
  const template = name.replace(/@[^.]+\./, '@.');
  return Object.hasOwn(units, template) ? units[template] : undefined;
}

/** `/usr/bin/x -> /nix/store/OLD/bin/x` with the package's path of now. */
function withNewTarget(
  line: string,
  present: ReadonlySet<string>,
  byPackage: ReadonlyMap<string, string>,
): UnitDefinition['programs'][number] {
  const match = /^(.*? -> )(\/nix\/store\/[^/]+)(.*)$/.exec(line);
  if (!match || present.has(match[2])) return line;
  const now = byPackage.get(packageOf(match[2]));
  return now === undefined ? line : match[1] + now + match[3];
}

function packageOf(storePath: string): string {
  const base = storePath.slice(storePath.lastIndexOf('/') + 1);
  return splitName(base.slice(33))[0];
}
