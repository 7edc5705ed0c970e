/**
 * Reads the images of `image-writer.ts`. Nodes are made when somebody asks for them: of a big file only the parts that
 * are evaluated ever become objects. Images are trusted: whoever keeps them makes sure that they are undamaged.
 */
import type { AttrDef, AttrName, AttrsExpr, DynamicAttrDef, Expr, Formal, LambdaExpr } from './ast.ts';
import {
  attrSources,
  binaryOperators,
  headerWords,
  imageMagic,
  lambdaPart,
  nodeKinds,
} from './image-writer.ts';

/** A tree read from an image, and the names that it takes from outside. */
export interface TreeFromImage {
  readonly root: Expr;
  readonly freeNames: readonly string[];
}

/**
 * @param latin1 the bytes from `start` to `end` of the image as a byte string
 * @returns `undefined` for what is no image of this form
 */
export function readTreeImage(
  image: Uint8Array,
  latin1: (start: number, end: number) => string,
): TreeFromImage | undefined {
  if (image.length < headerWords * 4) return undefined;
  const words = new DataView(image.buffer, image.byteOffset, headerWords * 4);
  const [magic, root, strings, free, treeSize, textSize] = Array.from({ length: headerWords }, (_, i) =>
    words.getUint32(i * 4, true),
  );
  const start = headerWords * 4;
  if (magic !== imageMagic || start + treeSize + textSize > image.length) return undefined;
  const text = latin1(image.length - textSize, image.length);
  const reader = new ImageReader(image, start, text);
  reader.readStrings(start + treeSize, strings);
  const freeNames = Array.from({ length: free }, () => reader.string());
  return { root: reader.node(start + root, 0), freeNames };
}

class ImageReader {
  /** Where the next number is read. */
  at: number;
  readonly #bytes: Uint8Array;
  readonly #text: string;
  /** Where each string begins in `#text`, and the end of the last. */
  #starts = new Int32Array(0);
  #strings: (string | undefined)[] = [];

  constructor(bytes: Uint8Array, at: number, text: string) {
    this.#bytes = bytes;
    this.at = at;
    this.#text = text;
  }

  readStrings(at: number, count: number): void {
    this.at = at;
    const starts = new Int32Array(count + 1);
    let start = 0;
    for (let i = 0; i < count; i++) {
      starts[i] = start;
      start += this.number();
    }
    starts[count] = start;
    this.#starts = starts;
    this.#strings = new Array(count);
  }

  number(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++];
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = bytes[this.at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    return value;
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  string(): string {
    const index = this.number();
    let text = this.#strings[index];
    if (text === undefined) {
      text = this.#text.slice(this.#starts[index], this.#starts[index + 1]);
      this.#strings[index] = text;
    }
    return text;
  }

  /** The child whose distance comes next; reading goes on behind it. `at` and `pos` are the parent's. */
  child(at: number, pos: number): Expr {
    const distance = this.number();
    const next = this.at;
    const child = this.node(at - distance, pos);
    this.at = next;
    return child;
  }

  children(at: number, pos: number): Expr[] {
    const list = new Array<Expr>(this.number());
    for (let i = 0; i < list.length; i++) list[i] = this.child(at, pos);
    return list;
  }

  path(at: number, pos: number): AttrName[] {
    const list = new Array<AttrName>(this.number());
    for (let i = 0; i < list.length; i++) {
      const isDynamic = this.number() === 1;
      const stepPos = pos + this.signed();
      list[i] = isDynamic
        ? { expr: this.child(at, pos), pos: stepPos }
        : { name: this.string(), pos: stepPos };
    }
    return list;
  }

  /** The node at a place; its children are read when they are asked for, where that can save something. */
  node(at: number, parentPos: number): Expr {
    this.at = at;
    const kind = nodeKinds[this.number()];
    const pos = parentPos + this.signed();
    switch (kind) {
      case 'int':
        return { kind, pos, value: integer(this.string()) };
      case 'float':
        return { kind, pos, value: Number(this.string()) };
      case 'string':
      case 'path':
      case 'searchPath':
        return { kind, pos, value: this.string() };
      case 'var':
        return { kind, pos, name: this.string() };
      case 'curPos':
        return { kind, pos };
      case 'attrs':
        return new AttrsNode(this, at, pos);
      case 'lambda':
        return readLambda(this, at, pos);
      default:
        return new LazyNode(this, kind, at, this.at, pos).asExpr();
    }
  }
}

function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** All kinds of nodes whose children can wait. Getters give what the kind has; nobody asks for what it has not. */
class LazyNode {
  readonly kind: string;
  readonly pos: number;
  readonly #reader: ImageReader;
  readonly #at: number;
  readonly #payload: number;

  constructor(reader: ImageReader, kind: string, at: number, payload: number, pos: number) {
    this.#reader = reader;
    this.kind = kind;
    this.#at = at;
    this.#payload = payload;
    this.pos = pos;
  }

  asExpr(): Expr {
    return this as unknown as Expr;
  }

  /** The reader, standing behind the first `skipped` numbers of the payload. */
  #behind(skipped: number): ImageReader {
    const reader = this.#reader;
    reader.at = this.#payload;
    for (let i = 0; i < skipped; i++) reader.number();
    return reader;
  }

  #child(index: number): Expr {
    return this.#behind(index).child(this.#at, this.pos);
  }

  // concat
  get isPath(): boolean {
    return this.#behind(0).number() === 1;
  }
  get parts(): Expr[] {
    return this.#behind(1).children(this.#at, this.pos);
  }
  get positions(): number[] {
    const reader = this.#behind(1);
    const list = new Array<number>(reader.number());
    for (let i = 0; i < list.length; i++) reader.number();
    for (let i = 0; i < list.length; i++) list[i] = this.pos + reader.signed();
    return list;
  }

  // select, hasAttr
  get subject(): Expr {
    return this.#child(0);
  }
  get fallback(): Expr | undefined {
    const reader = this.#behind(1);
    return this.kind === 'select' && reader.number() === 1 ? reader.child(this.#at, this.pos) : undefined;
  }
  get path(): AttrName[] {
    const reader = this.#behind(1);
    if (this.kind === 'select' && reader.number() === 1) reader.number();
    return reader.path(this.#at, this.pos);
  }

  // list
  get items(): Expr[] {
    return this.#behind(0).children(this.#at, this.pos);
  }

  // call
  get fn(): Expr {
    return this.#child(0);
  }
  get args(): Expr[] {
    return this.#behind(1).children(this.#at, this.pos);
  }

  // let, with, assert: the second child is the body
  get attrs(): Expr {
    return this.#child(0);
  }
  get scope(): Expr {
    return this.#child(0);
  }
  get body(): Expr {
    return this.#child(1);
  }

  // if, assert
  get condition(): Expr {
    return this.#child(0);
  }
  // biome-ignore lint/suspicious/noThenProperty: the name is that of the syntax tree
  get then(): Expr {
    return this.#child(1);
  }
  get else(): Expr {
    return this.#child(2);
  }

  // not, negate
  get operand(): Expr {
    return this.#child(0);
  }

  // binary
  get operator(): string {
    return binaryOperators[this.#behind(0).number()];
  }
  get left(): Expr {
    return this.#child(1);
  }
  get right(): Expr {
    return this.#child(2);
  }
  get leftPos(): number {
    return this.pos + this.#behind(3).signed();
  }
  get rightPos(): number {
    return this.pos + this.#behind(4).signed();
  }
}

/** One attribute; its value is made when it is asked for. */
class AttrNode implements AttrDef {
  readonly name: string;
  readonly pos: number;
  readonly source: AttrDef['source'];
  readonly fromIndex?: number;
  readonly #reader: ImageReader;
  readonly #value: number;
  readonly #parentPos: number;

  constructor(reader: ImageReader, at: number, parentPos: number) {
    this.#reader = reader;
    this.#parentPos = parentPos;
    this.name = reader.string();
    this.pos = parentPos + reader.signed();
    this.source = attrSources[reader.number()];
    if (this.source === 'inheritFrom') this.fromIndex = reader.number();
    this.#value = at - reader.number();
  }

  get value(): Expr {
    return this.#reader.node(this.#value, this.#parentPos);
  }
}

class AttrsNode implements AttrsExpr {
  readonly kind = 'attrs';
  readonly pos: number;
  readonly recursive: boolean;
  readonly #reader: ImageReader;
  readonly #at: number;
  readonly #payload: number;
  #attrs: readonly AttrDef[] | undefined;
  #dynamicAttrs: readonly DynamicAttrDef[] = [];

  constructor(reader: ImageReader, at: number, pos: number) {
    this.#reader = reader;
    this.#at = at;
    this.pos = pos;
    this.recursive = reader.number() === 1;
    this.#payload = reader.at;
  }

  get inheritFrom(): readonly Expr[] {
    this.#reader.at = this.#payload;
    return this.#reader.children(this.#at, this.pos);
  }

  get attrs(): readonly AttrDef[] {
    return this.#attrs ?? this.#read();
  }

  get dynamicAttrs(): readonly DynamicAttrDef[] {
    this.#attrs ?? this.#read();
    return this.#dynamicAttrs;
  }

  #read(): readonly AttrDef[] {
    const reader = this.#reader;
    reader.at = this.#payload;
    for (let subjects = reader.number(); subjects > 0; subjects--) reader.number();
    const attrs = new Array<AttrDef>(reader.number());
    for (let i = 0; i < attrs.length; i++) attrs[i] = new AttrNode(reader, this.#at, this.pos);
    this.#dynamicAttrs = Array.from({ length: reader.number() }, () => ({
      pos: this.pos + reader.signed(),
      name: reader.child(this.#at, this.pos),
      value: reader.child(this.#at, this.pos),
    }));
    this.#attrs = attrs;
    return attrs;
  }
}

/** A lambda's body and its formals' defaults wait, the rest is read at once. */
class LambdaNode implements LambdaExpr {
  readonly kind = 'lambda';
  readonly pos: number;
  readonly arg?: string;
  readonly formals?: NonNullable<LambdaExpr['formals']>;
  name?: string;
  docPos?: number;
  readonly #reader: ImageReader;
  readonly #body: number;

  constructor(reader: ImageReader, pos: number, body: number, fields: Partial<LambdaExpr>) {
    this.#reader = reader;
    this.pos = pos;
    this.#body = body;
    if (fields.arg !== undefined) this.arg = fields.arg;
    if (fields.formals !== undefined) this.formals = fields.formals;
    if (fields.name !== undefined) this.name = fields.name;
    if (fields.docPos !== undefined) this.docPos = fields.docPos;
  }

  get body(): Expr {
    return this.#reader.node(this.#body, this.pos);
  }
}

function readLambda(reader: ImageReader, at: number, pos: number): LambdaExpr {
  const parts = reader.number();
  const body = at - reader.number();
  const arg = parts & lambdaPart.argument ? reader.string() : undefined;
  const name = parts & lambdaPart.name ? reader.string() : undefined;
  const docPos = parts & lambdaPart.doc ? reader.number() : undefined;
  const ellipsis = (parts & lambdaPart.ellipsis) !== 0;
  const formals = parts & lambdaPart.formals ? { list: readFormals(reader, at, pos), ellipsis } : undefined;
  return new LambdaNode(reader, pos, body, { arg, name, docPos, formals } as Partial<LambdaExpr>);
}

function readFormals(reader: ImageReader, at: number, pos: number): Formal[] {
  const list = new Array<Formal>(reader.number());
  for (let i = 0; i < list.length; i++) {
    const name = reader.string();
    const formalPos = pos + reader.signed();
    const hasFallback = reader.number() === 1;
    list[i] = hasFallback
      ? { name, pos: formalPos, fallback: reader.child(at, pos) }
      : { name, pos: formalPos };
  }
  return list;
}
