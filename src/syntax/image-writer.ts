/**
 * Syntax trees as bytes, for a cache of parsed files; `image-reader.ts` reads them. An image has four sections after a
 * header of `headerWords` 32-bit words (little-endian): the nodes, the lengths of the strings, the indices of the names
 * that the file takes from outside, and the strings' bytes. Numbers are variable-length, seven bits a byte. A node is
 * its kind, its position relative to its parent's, and its payload; children come before their parent, which
 * has their distance, so that a reader can go straight to the part of the tree that it needs.
 */
import type { AttrDef, AttrName, AttrsExpr, Expr, LambdaExpr } from './ast.ts';

export const imageMagic = 0x31545246;
export const headerWords = 6;

/** Node kinds by number. Never reordered without a new magic. */
export const nodeKinds = [
  'int',
  'float',
  'string',
  'concat',
  'path',
  'searchPath',
  'var',
  'select',
  'hasAttr',
  'attrs',
  'list',
  'lambda',
  'call',
  'let',
  'with',
  'if',
  'assert',
  'not',
  'negate',
  'binary',
  'curPos',
] as const satisfies readonly Expr['kind'][];

const kindNumbers = new Map<string, number>(nodeKinds.map((kind, i) => [kind, i]));

export const binaryOperators = [
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '->',
  '//',
  '++',
  '+',
  '-',
  '*',
  '/',
] as const;

export const attrSources = ['plain', 'inherit', 'inheritFrom'] as const;

/** Bits that say which optional parts of a lambda there are. */
export const lambdaPart = { argument: 1, formals: 2, ellipsis: 4, name: 8, doc: 16 } as const;

/** Bytes that grow. */
class ByteSink {
  bytes = new Uint8Array(1 << 12);
  length = 0;

  /** An unsigned number below 2^53. */
  number(value: number): void {
    if (this.length + 10 > this.bytes.length) this.#grow(this.bytes.length * 2);
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length++] = rest;
  }

  /** A number of either sign. */
  signed(value: number): void {
    this.number(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  #grow(size: number): void {
    const bigger = new Uint8Array(size);
    bigger.set(this.bytes);
    this.bytes = bigger;
  }

  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/**
 * The image of a tree.
 *
 * @param freeNames the names that the file takes from outside of it
 */
export function writeTreeImage(root: Expr, freeNames: Iterable<string>): Uint8Array {
  const writer = new ImageWriter();
  const at = writer.node(root, 0);
  return writer.finish(at, freeNames);
}

class ImageWriter {
  readonly #out = new ByteSink();
  readonly #strings: string[] = [];
  readonly #indices = new Map<string, number>();

  #string(text: string): number {
    let index = this.#indices.get(text);
    if (index === undefined) {
      index = this.#strings.length;
      this.#strings.push(text);
      this.#indices.set(text, index);
    }
    return index;
  }

  finish(root: number, freeNames: Iterable<string>): Uint8Array {
    const free = new ByteSink();
    let freeCount = 0;
    for (const name of freeNames) {
      free.number(this.#string(name));
      freeCount++;
    }
    const lengths = new ByteSink();
    for (const text of this.#strings) lengths.number(text.length);
    const text = this.#strings.join('');
    const sections = [this.#out.written, lengths.written, free.written, latin1Bytes(text)];
    const header = [imageMagic, root, this.#strings.length, freeCount, sections[0].length, text.length];
    return joined(header, sections);
  }

  /** Writes children first, then the node; gives where the node is. */
  node(expr: Expr, parentPos: number): number {
    const payload = this.#payload(expr);
    const at = this.#out.length;
    this.#out.number(kindNumbers.get(expr.kind)!);
    this.#out.signed(expr.pos - parentPos);
    for (const item of payload) {
      if (typeof item === 'number') this.#out.number(item);
      else if ('child' in item) this.#out.number(at - item.child);
      else this.#out.signed(item.delta);
    }
    return at;
  }

  #child(expr: Expr, parent: { readonly pos: number }): { child: number } {
    return { child: this.node(expr, parent.pos) };
  }

  #children(list: readonly Expr[], parent: { readonly pos: number }): PayloadItem[] {
    return [list.length, ...list.map((expr) => this.#child(expr, parent))];
  }

  #payload(expr: Expr): PayloadItem[] {
    switch (expr.kind) {
      case 'int':
      case 'float':
        return [this.#string(String(expr.value))];
      case 'string':
      case 'path':
      case 'searchPath':
        return [this.#string(expr.value)];
      case 'var':
        return [this.#string(expr.name)];
      case 'curPos':
        return [];
      case 'concat': {
        const parts = this.#children(expr.parts, expr);
        return [expr.isPath ? 1 : 0, ...parts, ...expr.positions.map((pos) => ({ delta: pos - expr.pos }))];
      }
      case 'select': {
        const subject = this.#child(expr.subject, expr);
        const fallback = expr.fallback === undefined ? [0] : [1, this.#child(expr.fallback, expr)];
        return [subject, ...fallback, ...this.#path(expr.path, expr)];
      }
      case 'hasAttr':
        return [this.#child(expr.subject, expr), ...this.#path(expr.path, expr)];
      case 'attrs':
        return this.#attrs(expr);
      case 'list':
        return this.#children(expr.items, expr);
      case 'lambda':
        return this.#lambda(expr);
      case 'call':
        return [this.#child(expr.fn, expr), ...this.#children(expr.args, expr)];
      case 'let':
        return [this.#child(expr.attrs, expr), this.#child(expr.body, expr)];
      case 'with':
        return [this.#child(expr.scope, expr), this.#child(expr.body, expr)];
      case 'if':
        return [
          this.#child(expr.condition, expr),
          this.#child(expr.then, expr),
          this.#child(expr.else, expr),
        ];
      case 'assert':
        return [this.#child(expr.condition, expr), this.#child(expr.body, expr)];
      case 'not':
      case 'negate':
        return [this.#child(expr.operand, expr)];
      case 'binary':
        return [
          binaryOperators.indexOf(expr.operator),
          this.#child(expr.left, expr),
          this.#child(expr.right, expr),
          { delta: expr.leftPos - expr.pos },
          { delta: expr.rightPos - expr.pos },
        ];
    }
  }

  #path(path: readonly AttrName[], parent: Expr): PayloadItem[] {
    const steps = path.flatMap((step): PayloadItem[] => {
      const delta = { delta: step.pos - parent.pos };
      return 'name' in step
        ? [0, delta, this.#string(step.name)]
        : [1, delta, this.#child(step.expr, parent)];
    });
    return [path.length, ...steps];
  }

  #attrs(expr: AttrsExpr): PayloadItem[] {
    const dynamic = expr.dynamicAttrs.flatMap((def): PayloadItem[] => [
      { delta: def.pos - expr.pos },
      this.#child(def.name, expr),
      this.#child(def.value, expr),
    ]);
    return [
      expr.recursive ? 1 : 0,
      ...this.#children(expr.inheritFrom, expr),
      expr.attrs.length,
      ...expr.attrs.flatMap((def) => this.#attr(def, expr)),
      expr.dynamicAttrs.length,
      ...dynamic,
    ];
  }

  #attr(def: AttrDef, parent: AttrsExpr): PayloadItem[] {
    const from = def.source === 'inheritFrom' ? [def.fromIndex!] : [];
    return [
      this.#string(def.name),
      { delta: def.pos - parent.pos },
      attrSources.indexOf(def.source),
      ...from,
      this.#child(def.value, parent),
    ];
  }

  #lambda(expr: LambdaExpr): PayloadItem[] {
    const items: PayloadItem[] = [];
    let parts = 0;
    if (expr.arg !== undefined) {
      parts |= lambdaPart.argument;
      items.push(this.#string(expr.arg));
    }
    if (expr.name !== undefined) {
      parts |= lambdaPart.name;
      items.push(this.#string(expr.name));
    }
    if (expr.docPos !== undefined) {
      parts |= lambdaPart.doc;
      items.push(expr.docPos);
    }
    if (expr.formals !== undefined) {
      parts |= lambdaPart.formals | (expr.formals.ellipsis ? lambdaPart.ellipsis : 0);
      items.push(expr.formals.list.length);
      for (const formal of expr.formals.list) {
        items.push(this.#string(formal.name), { delta: formal.pos - expr.pos });
        if (formal.fallback === undefined) items.push(0);
        else items.push(1, this.#child(formal.fallback, expr));
      }
    }
    return [parts, this.#child(expr.body, expr), ...items];
  }
}

/** A plain number, where a child is, or a signed difference. */
type PayloadItem = number | { readonly child: number } | { readonly delta: number };

function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function joined(header: readonly number[], sections: readonly Uint8Array[]): Uint8Array {
  const size = headerWords * 4 + sections.reduce((sum, section) => sum + section.length, 0);
  const image = new Uint8Array(size);
  const words = new DataView(image.buffer);
  header.forEach((word, i) => {
    words.setUint32(i * 4, word, true);
  });
  let at = headerWords * 4;
  for (const section of sections) {
    image.set(section, at);
    at += section.length;
  }
  return image;
}
