/**
 * JSON that keeps numbers as they were written (64-bit integers, `1.0`), because builders must get back what the
 * evaluator wrote. Objects become maps, in the order of the text. Strings are Unicode.
 */

/** A number's own digits. */
export class NumberLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  valueOf(): number {
    return Number(this.text);
  }
}

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue = null | boolean | string | NumberLiteral | readonly JsonValue[] | JsonObject;

/** Parses a text; throws `SyntaxError`. */
export function parseJson(text: string): JsonValue {
  // `source` (a number's text) is in Node, not yet in the type declarations; objects are made maps by the reviver.
  const reviver = (_key: string, value: unknown, context: { source?: string }) => {
    if (typeof value === 'number') return new NumberLiteral(context.source ?? String(value));
    if (
      value !== null &&
      typeof value === 'object' &&
      !Array.isArray(value) &&
      !(value instanceof NumberLiteral)
    ) {
      return value instanceof Map ? value : new Map(Object.entries(value));
    }
    return value;
  };
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as JsonValue;
}

/** The text without spaces, keys sorted by their UTF-8 bytes: as C++ Nix writes it. */
export function formatJson(value: JsonValue): string {
  if (value instanceof NumberLiteral) return value.text;
  if (value instanceof Map) {
    const entries = [...(value as JsonObject)].sort(([a], [b]) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${formatJson(each)}`).join(',')}}`;
  }
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(formatJson).join(',')}]`;
  return JSON.stringify(value);
}
