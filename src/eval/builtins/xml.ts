/**
 * Values as XML: `toXML`, and `nix-instantiate --eval --xml`. Attributes of elements come in the order of their
 * names; a derivation is shown in full once and as `<repeated />` afterwards.
 */

import { formatFloat } from '../../syntax/index.ts';
import { isDerivation } from '../equality.ts';
import { force } from '../force.ts';
import { enterCall, limits } from '../limits.ts';
import { type PosIdx, resolvePos } from '../positions.ts';
import { intern, symbolName } from '../symbols.ts';
import {
  AttrSet,
  ContextString,
  Lambda,
  type Lazy,
  makeString,
  mergeContexts,
  NixFloat,
  NixPath,
  PartialLambda,
  type StringContext,
  Thunk,
  type Value,
} from '../value.ts';
import type { BuiltinTable } from './registry.ts';

export interface XmlOptions {
  /** Compute everything; what is not computed is `<unevaluated />` otherwise. */
  readonly strict: boolean;
  /** Say where attributes and functions stand. */
  readonly locations: boolean;
}

/** The value as an XML document with a line end, and the contexts of all strings in it. */
export function valueToXml(
  value: Lazy,
  options: XmlOptions,
  pos: PosIdx = 0,
): { text: string; context: StringContext } {
  const writer = new XmlWriter(options);
  writer.element('expr', {}, () => writer.value(value, pos));
  return { text: `<?xml version='1.0' encoding='utf-8'?>\n${writer.text}`, context: writer.context };
}

const escapes: Readonly<Record<string, string>> = {
  '"': '&quot;',
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  // Attribute values would lose plain line ends.
  '\n': '&#xA;',
};

type Attributes = Readonly<Record<string, string>>;

const symbols = { drvPath: intern('drvPath'), outPath: intern('outPath') };

class XmlWriter {
  text = '';
  context: StringContext = [];
  readonly #options: XmlOptions;
  readonly #seen = new Set<string>();
  #indent = '';

  constructor(options: XmlOptions) {
    this.#options = options;
  }

  element(name: string, attributes: Attributes, content: () => void): void {
    this.#open(name, formatAttributes(attributes));
    content();
    this.#close(name);
  }

  #open(name: string, attributes: string): void {
    this.text += `${this.#indent}<${name}${attributes}>\n`;
    this.#indent += '  ';
  }

  #close(name: string): void {
    this.#indent = this.#indent.slice(2);
    this.text += `${this.#indent}</${name}>\n`;
  }

  #empty(name: string, attributes: Attributes = {}): void {
    this.text += `${this.#indent}<${name}${formatAttributes(attributes)} />\n`;
  }

  /** An element with nothing but a value: most are such. */
  #leaf(name: string, value: string): void {
    this.text += `${this.#indent}<${name} value="${escape(value)}" />\n`;
  }

  value(lazy: Lazy, pos: PosIdx): void {
    enterCall(pos);
    const value = this.#resolve(lazy, pos);
    if (value instanceof Thunk) this.#empty('unevaluated');
    else this.#value(value, pos);
    limits.depth--;
  }

  #resolve(lazy: Lazy, pos: PosIdx): Lazy {
    if (this.#options.strict) return force(lazy, pos);
    return lazy instanceof Thunk && lazy.code === null ? (lazy.env as Value) : lazy;
  }

  #value(value: Value, pos: PosIdx): void {
    if (typeof value === 'string') this.#leaf('string', value);
    else if (typeof value === 'boolean') this.#leaf('bool', String(value));
    else if (typeof value === 'number' || typeof value === 'bigint') this.#leaf('int', String(value));
    else if (value === null) this.#empty('null');
    else if (value instanceof ContextString) {
      this.context = mergeContexts(this.context, value.context);
      this.#leaf('string', value.text);
    } else if (value instanceof NixPath) this.#leaf('path', value.path);
    else if (value instanceof NixFloat) this.#leaf('float', formatFloat(value.value));
    else if (Array.isArray(value)) {
      this.#open('list', '');
      for (const item of value) this.value(item, pos);
      this.#close('list');
    } else if (value instanceof AttrSet) this.#attrs(value);
    else this.#function(value);
  }

  #attrs(attrs: AttrSet): void {
    if (!isDerivation(attrs)) {
      this.#open('attrs', '');
      this.#attributes(attrs);
      this.#close('attrs');
      return;
    }
    const attributes: Record<string, string> = {};
    for (const name of ['drvPath', 'outPath'] as const) {
      const lazy = attrs.get(symbols[name]);
      const value = lazy === undefined ? undefined : this.#resolve(lazy, attrs.position(symbols[name]));
      if (typeof value === 'string') attributes[name] = value;
      else if (value instanceof ContextString) attributes[name] = value.text;
    }
    const drvPath = attributes['drvPath'] ?? '';
    this.element('derivation', attributes, () => {
      if (drvPath === '' || this.#seen.has(drvPath)) this.#empty('repeated');
      else {
        this.#seen.add(drvPath);
        this.#attributes(attrs);
      }
    });
  }

  #attributes({ shape, values }: AttrSet): void {
    for (const index of shape.byName) {
      const name = symbolName(shape.keys[index]);
      const pos = shape.positionAt(index);
      this.#open(
        'attr',
        this.#options.locations
          ? formatAttributes({ name, ...this.#location(pos) })
          : ` name="${escape(name)}"`,
      );
      this.value(values[index], pos);
      this.#close('attr');
    }
  }

  #location(pos: PosIdx): Attributes {
    const position = this.#options.locations ? resolvePos(pos) : undefined;
    if (!position) return {};
    const { line, column } = position.source.lineColumn(position.offset);
    const { origin } = position.source;
    return {
      ...(origin.kind === 'path' ? { path: origin.path } : {}),
      line: String(line),
      column: String(column),
    };
  }

  #function(value: Value): void {
    if (!(value instanceof Lambda || value instanceof PartialLambda)) {
      this.#empty('unevaluated');
      return;
    }
    const given = value instanceof PartialLambda ? value.count : 0;
    const { code } = value instanceof PartialLambda ? value.lambda : value;
    const { formals } = code;
    const argument = code.argumentName(given);
    const name: Attributes = argument === undefined ? {} : { name: argument };
    this.element('function', this.#location(code.posOf(given)), () => {
      if (formals === null) {
        this.#empty('varpat', name);
        return;
      }
      this.element('attrspat', { ...name, ...(formals.ellipsis ? { ellipsis: '1' } : {}) }, () => {
        for (const formal of formals.list.map(({ symbol }) => symbolName(symbol)).sort(compareBytes)) {
          this.#empty('attr', { name: formal });
        }
      });
    });
  }
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function formatAttributes(attributes: Attributes): string {
  return Object.keys(attributes)
    .sort(compareBytes)
    .map((name) => ` ${name}="${escape(attributes[name])}"`)
    .join('');
}

const special = /["<>&\n]/;
const eachSpecial = /["<>&\n]/g;

function escape(text: string): string {
  return special.test(text) ? text.replace(eachSpecial, (character) => escapes[character]) : text;
}

export const xmlBuiltins: BuiltinTable = [
  {
    name: '__toXML',
    args: ['e'],
    doc: 'The value *e* as XML text.',
    fn: (_runtime, pos, value) => {
      const { text, context } = valueToXml(value, { strict: true, locations: false }, pos);
      return makeString(text, context);
    },
  },
];
