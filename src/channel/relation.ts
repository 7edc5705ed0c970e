/**
 * Relation fields (`Depends`, `Pre-Depends`, `Provides`): groups separated by commas, of which each is a list of
 * alternatives separated by `|`. Specification: Debian Policy, section 7.1.
 */
import type { VersionRelation } from './debian-version.ts';

/** One alternative, such as `libc6:any (>= 2.36)`. */
export interface Relation {
  readonly name: string;
  /** `any`, `native` or an architecture; absent without a qualifier. */
  readonly qualifier?: string;
  readonly relation?: VersionRelation;
  readonly version?: string;
}

const alternativePattern =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([A-Za-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)]+)\s*\))?$/;

/** The texts of the groups of a relation field, trimmed; empty groups are dropped. Absent field: none. */
export function splitRelationGroups(field: string | undefined): string[] {
  if (!field) return [];
  return field
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
}

/** The alternatives of one group, in order; `undefined` when one of them is not written as the policy says. */
export function tryParseRelationGroup(group: string): Relation[] | undefined {
  const alternatives: Relation[] = [];
  for (const text of group.split('|')) {
    const match = alternativePattern.exec(text.trim());
    if (!match) return undefined;
    const [, name, qualifier, relation, version] = match;
    alternatives.push({
      name,
      ...(qualifier && { qualifier }),
      ...(relation && { relation: modernRelation(relation), version }),
    });
  }
  return alternatives;
}

/** `<` and `>` are old spellings of `<=` and `>=`. */
function modernRelation(relation: string): VersionRelation {
  if (relation === '<') return '<=';
  if (relation === '>') return '>=';
  return relation as VersionRelation;
}
