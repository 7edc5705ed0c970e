/** Input attributes: what `fetchTree` takes and lock files hold. Names to texts, numbers and Booleans. */
import { NixError } from '../diagnostics/index.ts';

export type InputAttr = string | number | boolean;
/** Never changed once made. */
export type InputAttrs = Readonly<Record<string, InputAttr>>;

/** Names in byte order: the order of everything that is printed from attributes. */
export function sortedNames(attrs: InputAttrs): string[] {
  return Object.keys(attrs).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** JSON on one line, names sorted, as error messages show attributes. */
export function attrsToJson(attrs: InputAttrs): string {
  return JSON.stringify(Object.fromEntries(sortedNames(attrs).map((name) => [name, attrs[name]])));
}

/** @throws NixError when it is no text */
export function stringAttr(attrs: InputAttrs, name: string): string | undefined {
  const value = own(attrs, name);
  if (value === undefined || typeof value === 'string') return value;
  throw new NixError(`input attribute '${name}' is not a string ${attrsToJson(attrs)}`);
}

/** @throws NixError when it is missing or no text */
export function requiredStringAttr(attrs: InputAttrs, name: string): string {
  const value = stringAttr(attrs, name);
  if (value === undefined) throw new NixError(`input attribute '${name}' is missing`);
  return value;
}

/** @throws NixError when it is no number */
export function integerAttr(attrs: InputAttrs, name: string): number | undefined {
  const value = own(attrs, name);
  if (value === undefined || typeof value === 'number') return value;
  throw new NixError(`input attribute '${name}' is not an integer`);
}

/** Absent is `false`. @throws NixError when it is no Boolean */
export function booleanAttr(attrs: InputAttrs, name: string): boolean {
  const value = own(attrs, name);
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw new NixError(`input attribute '${name}' is not a Boolean`);
}

function own(attrs: InputAttrs, name: string): InputAttr | undefined {
  return Object.hasOwn(attrs, name) ? attrs[name] : undefined;
}

/** The attributes without some of them. */
export function withoutAttrs(attrs: InputAttrs, ...names: readonly string[]): InputAttrs {
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => !names.includes(name)));
}

/** Whether two sets of attributes say the same. */
export function equalAttrs(a: InputAttrs, b: InputAttrs): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

/**
 * Attributes from JSON, as lock files and registries hold them.
 *
 * @throws NixError for values of other types
 */
export function attrsFromJson(json: unknown): InputAttrs {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new NixError('unsupported input attributes in lock file', { hint: 'expected an object' });
  for (const value of Object.values(json)) {
    const isAttr =
      typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && value >= 0);
    if (!isAttr) throw new NixError('unsupported input attribute type in lock file');
  }
  return { ...json } as InputAttrs;
}
