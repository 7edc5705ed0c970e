/** Finding the derivations in a value, as `nix-build` and `nix-instantiate` do. */

import { EvalError } from '../diagnostics/index.ts';
import {
  AttrSet,
  ContextString,
  type EvalSession,
  intern,
  isString,
  type Lazy,
  textOf,
  type Value,
} from '../eval/index.ts';
import type { FoundDerivation } from './evaluation.ts';

const symbols = {
  type: intern('type'),
  name: intern('name'),
  drvPath: intern('drvPath'),
  outPath: intern('outPath'),
  outputName: intern('outputName'),
  recurse: intern('recurseForDerivations'),
};

/**
 * The derivations in a value: itself, or those in a list or set (in byte order of the names), and below sets that say
 * `recurseForDerivations`. Functions are called with the automatic arguments. Each derivation once.
 *
 * @throws EvalError when the value is neither
 */
export function findDerivations(
  session: EvalSession,
  value: Lazy,
  attrPath: string,
  args: AttrSet,
): FoundDerivation[] {
  const found: FoundDerivation[] = [];
  const visited = new Set<AttrSet>();
  const visit = (lazy: Lazy, path: string): void => {
    const current = session.autoCall(lazy, args);
    if (addDerivation(current, path)) return;
    if (current instanceof AttrSet) visitSet(current, path);
    else if (Array.isArray(current)) {
      for (const [i, item] of current.entries()) visitMember(item, join(path, String(i)));
    } else {
      throw new EvalError('expression does not evaluate to a derivation (or a set or list of those)', {
        code: 'not-a-derivation',
        hint: 'to see its value, use --eval',
      });
    }
  };
  const addDerivation = (current: Value, path: string): boolean => {
    if (!(current instanceof AttrSet) || !isDerivation(session, current)) return false;
    if (!visited.has(current)) {
      visited.add(current);
      found.push(describe(session, current, path));
    }
    return true;
  };
  const visitMember = (lazy: Lazy, path: string): void => {
    const member = session.force(lazy);
    if (addDerivation(member, path)) return;
    if (member instanceof AttrSet && recurses(session, member)) visit(member, path);
  };
  const visitSet = (set: AttrSet, path: string): void => {
    for (const [name, lazy] of set.entries()) {
      if (/^[A-Za-z_][A-Za-z0-9\-_+]*$/.test(name)) visitMember(lazy, join(path, name));
    }
  };
  visit(value, attrPath);
  return found;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isDerivation(session: EvalSession, set: AttrSet): boolean {
  const type = set.get(symbols.type);
  return type !== undefined && session.force(type) === 'derivation';
}

function recurses(session: EvalSession, set: AttrSet): boolean {
  const flag = set.get(symbols.recurse);
  return flag !== undefined && session.force(flag) === true;
}

function describe(session: EvalSession, set: AttrSet, attrPath: string): FoundDerivation {
  const text = (symbol: number) => {
    const slot = set.get(symbol);
    const value = slot === undefined ? undefined : session.force(slot);
    return value === undefined || !isString(value) ? undefined : textOf(value);
  };
  const drvPath = text(symbols.drvPath);
  if (drvPath === undefined)
    throw new EvalError("derivation does not contain a 'drvPath' attribute", { code: 'not-a-derivation' });
  const outputName = text(symbols.outputName);
  if (outputName === undefined || outputName === '')
    throw new EvalError(`derivation '${drvPath}' lacks an 'outputName' attribute`, {
      code: 'not-a-derivation',
    });
  const outPath = text(symbols.outPath);
  return {
    attrPath,
    name: text(symbols.name) ?? '',
    drvPath,
    outputName,
    outPath,
    outputs: [[outputName, outPath]],
  };
}

/** The text of a string value, with or without context. */
export function stringText(value: Value): string | undefined {
  return typeof value === 'string' ? value : value instanceof ContextString ? value.text : undefined;
}
