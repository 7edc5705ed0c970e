/**
 * Building attribute sets: attribute paths make nested sets, and definitions that meet are merged where both
 * are set literals, else refused. Kept from C++ Nix: a `rec` of the later literal is lost, one of the earlier
 * literal then holds for the merged attributes too.
 */
import type { SourceFile } from '../diagnostics/index.ts';
import type { AttrDef, AttrName, AttrsExpr, DynamicAttrDef, Expr } from './ast.ts';
import { duplicateAttribute } from './errors.ts';
import { printAttrPath } from './print.ts';

/** An attribute set under construction. */
export interface OpenAttrs {
  readonly kind: 'attrs';
  pos: number;
  recursive: boolean;
  readonly attrs: AttrDef[];
  readonly dynamicAttrs: DynamicAttrDef[];
  readonly inheritFrom: Expr[];
}

export function openAttrs(pos: number, recursive: boolean): OpenAttrs {
  return { kind: 'attrs', pos, recursive, attrs: [], dynamicAttrs: [], inheritFrom: [] };
}

/** Sets up to this size are searched one by one; larger ones get an index. */
const smallSet = 8;

export class AttributeBuilder {
  readonly #source: SourceFile;
  /** name -> place in `attrs`, for large sets only. */
  readonly #indexes = new Map<OpenAttrs, Map<string, number>>();

  constructor(source: SourceFile) {
    this.#source = source;
  }

  /** Adds `path = value`; `pos` is where the path begins. */
  define(target: OpenAttrs, path: readonly AttrName[], value: Expr, pos: number): void {
    let attrs = target;
    const last = path.length - 1;
    for (let i = 0; i < last; i++) attrs = this.#descend(attrs, path, i, pos);
    const step = path[last];
    if ('expr' in step) attrs.dynamicAttrs.push({ pos, name: step.expr, value });
    else this.#add(attrs, path, { name: step.name, pos, value, source: 'plain', fromIndex: undefined });
  }

  /** Adds an inherited attribute. */
  inherit(target: OpenAttrs, def: AttrDef): void {
    const previous = this.#find(target, def.name);
    if (previous >= 0) {
      throw duplicateAttribute(
        this.#source,
        def.pos,
        printAttrPath([{ name: def.name, pos: def.pos }]),
        target.attrs[previous].pos,
      );
    }
    this.#append(target, def);
  }

  /** The nested set that step `i` of the path names, made when it is not there. */
  #descend(attrs: OpenAttrs, path: readonly AttrName[], i: number, pos: number): OpenAttrs {
    const step = path[i];
    if ('expr' in step) {
      const nested = openAttrs(pos, false);
      attrs.dynamicAttrs.push({ pos, name: step.expr, value: nested as AttrsExpr });
      return nested;
    }
    const found = this.#find(attrs, step.name);
    if (found < 0) {
      const nested = openAttrs(pos, false);
      this.#append(attrs, {
        name: step.name,
        pos,
        value: nested as AttrsExpr,
        source: 'plain',
        fromIndex: undefined,
      });
      return nested;
    }
    const previous = attrs.attrs[found];
    if (previous.value.kind === 'attrs') return previous.value as OpenAttrs;
    throw duplicateAttribute(this.#source, pos, printAttrPath(path.slice(0, i + 1)), previous.pos);
  }

  #add(attrs: OpenAttrs, path: readonly AttrName[], def: AttrDef): void {
    const found = this.#find(attrs, def.name);
    if (found < 0) {
      this.#append(attrs, def);
      nameLambdas(def.value, def.name);
      return;
    }
    const previous = attrs.attrs[found];
    if (previous.value.kind !== 'attrs' || def.value.kind !== 'attrs') {
      throw duplicateAttribute(this.#source, def.pos, printAttrPath(path), previous.pos);
    }
    this.#merge(previous.value as OpenAttrs, def.value as OpenAttrs, path);
  }

  #merge(into: OpenAttrs, from: OpenAttrs, path: readonly AttrName[]): void {
    const shift = into.inheritFrom.length;
    for (const def of from.attrs) {
      const moved = def.fromIndex === undefined ? def : { ...def, fromIndex: def.fromIndex + shift };
      this.#add(into, [...path, { name: def.name, pos: def.pos }], moved);
    }
    for (const dynamic of from.dynamicAttrs) into.dynamicAttrs.push(dynamic);
    for (const subject of from.inheritFrom) into.inheritFrom.push(subject);
  }

  #append(attrs: OpenAttrs, def: AttrDef): void {
    const place = attrs.attrs.push(def) - 1;
    if (place >= smallSet) this.#indexes.get(attrs)?.set(def.name, place);
  }

  #find(attrs: OpenAttrs, name: string): number {
    const list = attrs.attrs;
    if (list.length > smallSet) return this.#index(attrs).get(name) ?? -1;
    for (let i = 0; i < list.length; i++) if (list[i].name === name) return i;
    return -1;
  }

  #index(attrs: OpenAttrs): Map<string, number> {
    let index = this.#indexes.get(attrs);
    if (!index) {
      index = new Map();
      for (let i = 0; i < attrs.attrs.length; i++) index.set(attrs.attrs[i].name, i);
      this.#indexes.set(attrs, index);
    }
    return index;
  }
}

/** Gives a lambda, and those that are directly its bodies, the name of the attribute it defines. */
function nameLambdas(value: Expr, name: string): void {
  for (let expr = value; expr.kind === 'lambda'; expr = expr.body) expr.name = name;
}
