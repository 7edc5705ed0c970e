/** Finding the packages in a value, as `nix-env` does: every derivation, its name computed, details only on demand. */
import { AssertionError, EvalError, NixError, ThrownError } from '../diagnostics/index.ts';
import { AttrSet, type EvalSession, intern, type Lazy, type Value } from '../eval/index.ts';
import { DrvName } from './drv-name.ts';
import type { FoundPackage, PackageQuery } from './evaluation.ts';
import { PackageFields, packageName } from './package-fields.ts';

interface Candidate {
  readonly attrPath: string;
  readonly name: string;
  readonly attrs: AttrSet;
}

/** Names below which nothing is looked for are those that could not be selected without quotes. */
const plainName = /^[A-Za-z_][A-Za-z0-9\-_+]*$/;

/**
 * The packages of a value that a query asks for, in the order of the value.
 *
 * @throws EvalError when the value holds no packages at all
 */
export function findPackages(
  session: EvalSession,
  value: Lazy,
  options: { readonly prefix: string; readonly args: AttrSet; readonly query: PackageQuery },
): FoundPackage[] {
  const { query } = options;
  const candidates = new PackageFinder(session, options.args, query.ignoreAssertions).find(
    value,
    query.pathPrefix ? options.prefix : '',
  );
  const selectors = query.selectors?.map((text) => DrvName.parse(text));
  const wanted = query.indices && new Set(query.indices);
  return candidates.flatMap((candidate, index) => {
    const name = DrvName.parse(candidate.name);
    if (selectors && !selectors.some((selector) => selector.matches(name))) return [];
    if (wanted && !wanted.has(index)) return [];
    return [describe(session, candidate, index, query)];
  });
}

function describe(
  session: EvalSession,
  { attrPath, name, attrs }: Candidate,
  index: number,
  { fields, ignoreAssertions }: PackageQuery,
): FoundPackage {
  try {
    return { index, attrPath, name, ...new PackageFields(session, attrs).read(fields) };
  } catch (error) {
    if (ignoreAssertions && isAssertion(error)) return { index, attrPath, name, failed: true };
    if (error instanceof NixError) error.addTrace(`while querying the derivation named '${name}'`);
    throw error;
  }
}

class PackageFinder {
  readonly #session: EvalSession;
  readonly #args: AttrSet;
  readonly #ignoreAssertions: boolean;
  readonly #found: Candidate[] = [];
  readonly #visited = new Set<AttrSet>();

  constructor(session: EvalSession, args: AttrSet, ignoreAssertions: boolean) {
    this.#session = session;
    this.#args = args;
    this.#ignoreAssertions = ignoreAssertions;
  }

  find(value: Lazy, path: string): readonly Candidate[] {
    this.#visit(value, path);
    return this.#found;
  }

  #visit(lazy: Lazy, path: string): void {
    const value = this.#session.autoCall(lazy, this.#args);
    // A derivation is taken, and nothing below it looked at.
    if (!this.#take(value, path)) return;
    if (value instanceof AttrSet) this.#visitSet(value, path);
    else if (Array.isArray(value)) this.#visitList(value, path);
    else
      throw new EvalError('expression does not evaluate to a derivation (or a set or list of those)', {
        code: 'not-a-derivation',
        hint: "nix-env looks for packages in sets, such as '{ hello = derivation ...; }'",
      });
  }

  #visitSet(set: AttrSet, path: string): void {
    const combined = set.get(intern('_combineChannels')) !== undefined;
    for (const [name, lazy] of set.entries()) {
      if (!plainName.test(name)) continue;
      const inner = join(path, name);
      try {
        if (combined) this.#visit(lazy, inner);
        else if (this.#take(lazy, inner) && this.#recurses(lazy)) this.#visit(lazy, inner);
      } catch (error) {
        if (error instanceof NixError) error.addTrace(`while evaluating the attribute '${name}'`);
        throw error;
      }
    }
  }

  #visitList(list: readonly Lazy[], path: string): void {
    for (const [i, item] of list.entries()) {
      const inner = join(path, String(i));
      if (this.#take(item, inner)) this.#visit(item, inner);
    }
  }

  /** Takes a derivation; whether the value is something else, and may hold some. */
  #take(lazy: Lazy, path: string): boolean {
    try {
      const attrs: Value = this.#session.force(lazy);
      if (!(attrs instanceof AttrSet) || !this.#isDerivation(attrs)) return true;
      if (this.#visited.has(attrs)) return false;
      this.#visited.add(attrs);
      this.#found.push({ attrPath: path, name: packageName(this.#session, attrs), attrs });
      return false;
    } catch (error) {
      if (this.#ignoreAssertions && isAssertion(error)) return false;
      throw error;
    }
  }

  #isDerivation(attrs: AttrSet): boolean {
    const type = attrs.get(intern('type'));
    return type !== undefined && this.#session.force(type) === 'derivation';
  }

  #recurses(lazy: Lazy): boolean {
    const value = this.#session.force(lazy);
    const flag = value instanceof AttrSet ? value.get(intern('recurseForDerivations')) : undefined;
    return flag !== undefined && this.#session.force(flag) === true;
  }
}

function isAssertion(error: unknown): boolean {
  return error instanceof ThrownError || error instanceof AssertionError;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
