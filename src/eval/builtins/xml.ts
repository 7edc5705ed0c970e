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
    const indent = this.#indent;
    this.text += `${indent}<${name}${formatAttributes(attributes)}>\n`;
    this.#indent += '  ';
    content();
    this.#indent = indent;
    this.text += `${indent}</${name}>\n`;
  }

  #empty(name: string, attributes: Attributes = {}): void {
    this.text += `${this.#indent}<${name}${formatAttributes(attributes)} />\n`;
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
    if (typeof value === 'number' || typeof value === 'bigint') this.#empty('int', { value: String(value) });
    else if (typeof value === 'boolean') this.#empty('bool', { value: String(value) });
    else if (typeof value === 'string') this.#empty('string', { value });
    else if (value === null) this.#empty('null');
    else if (value instanceof ContextString) {
      this.context = mergeContexts(this.context, value.context);
      this.#empty('string', { value: value.text });
    } else if (value instanceof NixPath) this.#empty('path', { value: value.path });
    else if (value instanceof NixFloat) this.#empty('float', { value: formatFloat(value.value) });
    else if (Array.isArray(value)) {
      this.element('list', {}, () => {
        for (const item of value) this.value(item, pos);
      });
    } else if (value instanceof AttrSet) this.#attrs(value);
    else this.#function(value);
  }

  #attrs(attrs: AttrSet): void {
    if (!isDerivation(attrs)) {
      this.element('attrs', {}, () => this.#attributes(attrs));
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

  #attributes(attrs: AttrSet): void {
    for (const [name, value] of attrs.entries()) {
      const pos = attrs.position(intern(name));
      this.element('attr', { name, ...this.#location(pos) }, () => this.value(value, pos));
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
    .map((name) => ` ${name}="${attributes[name].replace(/["<>&\n]/g, (character) => escapes[character])}"`)
    .join('');
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
