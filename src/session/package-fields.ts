/**
 * What `nix-env` asks of one package: outputs, `meta`, priority. Values in `meta` that a package may not have there
 * (functions, paths, `null`, derivations) count as absent.
 */
import { EvalError } from '../diagnostics/index.ts';
import {
  AttrSet,
  type EvalSession,
  intern,
  isInt,
  isString,
  type Lazy,
  NixFloat,
  textOf,
  type Value,
} from '../eval/index.ts';
import { formatFloat } from '../syntax/index.ts';
import type { FoundPackage, MetaValue, PackageField } from './evaluation.ts';

type Outputs = [name: string, path: string | null][];

/** One derivation of a value, asked lazily. */
export class PackageFields {
  readonly #session: EvalSession;
  readonly #attrs: AttrSet;

  constructor(session: EvalSession, attrs: AttrSet) {
    this.#session = session;
    this.#attrs = attrs;
  }

  /** @throws NixError where the package's own expressions fail */
  read(fields: readonly PackageField[]): Partial<FoundPackage> {
    return Object.assign({}, ...fields.map((field) => this.#read(field)));
  }

  #read(field: PackageField): Partial<FoundPackage> {
    switch (field) {
      case 'system':
        return { system: this.#text('system') ?? 'unknown' };
      case 'drvPath':
        return { drvPath: this.#text('drvPath') };
      case 'outPath':
        return { outPath: this.#outPath() };
      case 'outputName':
        return { outputName: this.#text('outputName') ?? '' };
      case 'outputNames':
        return { outputs: this.#outputs(false) };
      case 'outputPaths':
        return { outputs: this.#outputs(true) };
      case 'installedOutputs':
        return { installedOutputs: this.#installedOutputs() };
      case 'description':
        return { description: this.#metaText('description') };
      case 'flags':
        return { priority: this.#priority(), keep: this.#keep() };
      case 'meta':
        return { meta: this.#meta() };
    }
  }

  #get(name: string): Lazy | undefined {
    return this.#attrs.get(intern(name));
  }

  #text(name: string): string | undefined {
    const slot = this.#get(name);
    return slot === undefined ? undefined : this.#string(slot, name);
  }

  #string(lazy: Lazy, what: string): string {
    const value = this.#session.force(lazy);
    if (!isString(value))
      throw new EvalError(`attribute '${what}' of a derivation is no string`, { code: 'type' });
    return textOf(value);
  }

  #outPath(): string {
    const path = this.#text('outPath');
    if (path === undefined)
      throw new EvalError('derivation does not have an output path', { code: 'not-a-derivation' });
    return path;
  }

  #outputs(withPaths: boolean): Outputs {
    const slot = this.#get('outputs');
    if (slot === undefined) return [['out', withPaths ? this.#outPath() : null]];
    const list = this.#session.force(slot);
    if (!Array.isArray(list))
      throw new EvalError("attribute 'outputs' of a derivation is no list", { code: 'type' });
    const outputs: Outputs = [];
    for (const item of list) {
      const name = this.#string(item, 'outputs');
      if (!withPaths) outputs.push([name, null]);
      else {
        const path = this.#pathOf(name);
        if (path !== undefined) outputs.push([name, path]);
      }
    }
    return outputs.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  }

  #pathOf(output: string): string | undefined {
    const slot = this.#get(output);
    const value = slot === undefined ? undefined : this.#session.force(slot);
    if (!(value instanceof AttrSet)) return undefined;
    const path = value.get(intern('outPath'));
    return path === undefined ? undefined : this.#string(path, 'outPath');
  }

  /** The output that was chosen with `pkg.dev`, else those of `meta.outputsToInstall`, else all. */
  #installedOutputs(): [string, string][] {
    const outputs = this.#outputs(true) as [string, string][];
    const specified = this.#get('outputSpecified');
    if (specified !== undefined && this.#session.force(specified) === true) {
      const name = this.#text('outputName') ?? '';
      const chosen = outputs.filter(([each]) => each === name);
      if (chosen.length > 0) return chosen;
      throw new EvalError(`derivation does not have output '${name}'`, { code: 'no-output' });
    }
    const wanted = this.#metaValue('outputsToInstall');
    if (wanted === undefined) return outputs;
    const names = wanted[0] === 'list' ? wanted[1].map((item) => item[1]) : [];
    const missing = wanted[0] !== 'list' || names.some((name) => !outputs.some(([each]) => each === name));
    if (missing)
      throw new EvalError("this derivation has bad 'meta.outputsToInstall'", {
        code: 'no-output',
        hint: `it must be a list of output names; the derivation has ${outputs.map(([name]) => name).join(', ')}`,
      });
    return outputs.filter(([name]) => names.includes(name));
  }

  #metaSet(): AttrSet | undefined {
    const slot = this.#get('meta');
    const meta = slot === undefined ? undefined : this.#session.force(slot);
    if (meta !== undefined && !(meta instanceof AttrSet))
      throw new EvalError("attribute 'meta' of a derivation is no set", { code: 'type' });
    return meta;
  }

  #meta(): [string, MetaValue | null][] {
    return (this.#metaSet()?.entries() ?? []).map(([name, slot]) => [name, this.#plain(slot) ?? null]);
  }

  #metaValue(name: string): MetaValue | undefined {
    const slot = this.#metaSet()?.get(intern(name));
    return slot === undefined ? undefined : this.#plain(slot);
  }

  #metaText(name: string): string {
    const value = this.#metaValue(name);
    return value?.[0] === 'string' ? value[1] : '';
  }

  #priority(): number {
    const value = this.#metaValue('priority');
    const isNumber = value?.[0] === 'int' || (value?.[0] === 'string' && /^-?[0-9]+$/.test(value[1]));
    return isNumber ? Number(value[1]) : 0;
  }

  #keep(): boolean {
    const value = this.#metaValue('keep');
    return value !== undefined && (value[1] === true || (value[0] === 'string' && value[1] === 'true'));
  }

  #plain(lazy: Lazy): MetaValue | undefined {
    const value = this.#session.force(lazy);
    if (isString(value)) return ['string', textOf(value)];
    if (isInt(value)) return ['int', String(value)];
    if (value instanceof NixFloat) return ['float', formatFloat(value.value), this.#session.toJson(value)];
    if (typeof value === 'boolean') return ['bool', value];
    if (Array.isArray(value)) return this.#plainList(value);
    return value instanceof AttrSet ? this.#plainSet(value) : undefined;
  }

  #plainList(items: readonly Lazy[]): MetaValue | undefined {
    const list: MetaValue[] = [];
    for (const item of items) {
      const plain = this.#plain(item);
      if (plain === undefined) return undefined;
      list.push(plain);
    }
    return ['list', list];
  }

  #plainSet(attrs: AttrSet): MetaValue | undefined {
    if (attrs.get(intern('outPath')) !== undefined) return undefined;
    const entries: [string, MetaValue][] = [];
    for (const [name, slot] of attrs.entries()) {
      const plain = this.#plain(slot);
      if (plain === undefined) return undefined;
      entries.push([name, plain]);
    }
    return ['set', entries];
  }
}

/** The name of a derivation. @throws EvalError when it has none */
export function packageName(session: EvalSession, attrs: AttrSet): string {
  const slot = attrs.get(intern('name'));
  const name: Value | undefined = slot === undefined ? undefined : session.force(slot);
  if (name === undefined || !isString(name))
    throw new EvalError('derivation name missing', { code: 'not-a-derivation' });
  return textOf(name);
}
