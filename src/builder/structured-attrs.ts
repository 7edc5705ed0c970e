/**
 * The files of `__structuredAttrs`: `.attrs.json` (everything, with `outputs` and exported closures added) and
 * `.attrs.sh` (what Bash can declare: strings, whole numbers, booleans, null, and flat lists and sets of these).
 */
import { decodeBytes, encodeBytes } from '../diagnostics/index.ts';
import { type Derivation, STRUCTURED_ATTRS_VARIABLE } from '../formats/index.ts';
import { formatJson, type JsonObject, type JsonValue, NumberLiteral, parseJson } from './exact-json.ts';

/** The contents of both files, as byte strings. */
export function structuredAttrsFiles(attributes: JsonObject): { json: string; shell: string } {
  return { json: encodeBytes(formatJson(attributes)), shell: encodeBytes(formatShell(attributes)) };
}

/** The same for a shell outside of a build: outputs by their paths, no closures. */
export function structuredShellFiles(derivation: Derivation): { json: string; shell: string } {
  const text = derivation.env.get(STRUCTURED_ATTRS_VARIABLE) ?? '{}';
  const outputs = new Map([...derivation.outputs].map(([name, { path }]) => [name, path] as const));
  return structuredAttrsFiles(
    new Map([...(parseJson(decodeBytes(text)) as JsonObject), ['outputs', outputs]]),
  );
}

function formatShell(attributes: JsonObject): string {
  let text = '';
  for (const [name, value] of sorted(attributes)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) text += declaration(name, value) ?? '';
  }
  return text;
}

function declaration(name: string, value: JsonValue): string | undefined {
  const simple = simpleValue(value);
  if (simple !== undefined) return `declare ${name}=${simple}\n`;
  if (Array.isArray(value)) {
    const words = (value as readonly JsonValue[]).map(simpleValue);
    return words.includes(undefined)
      ? undefined
      : `declare -a ${name}=(${words.map((word) => `${word} `).join('')})\n`;
  }
  if (!(value instanceof Map)) return undefined;
  const entries = sorted(value as JsonObject).map(([key, each]) => [quote(key), simpleValue(each)] as const);
  if (entries.some(([, word]) => word === undefined)) return undefined;
  return `declare -A ${name}=(${entries.map(([key, word]) => `[${key}]=${word} `).join('')})\n`;
}

function simpleValue(value: JsonValue): string | undefined {
  if (typeof value === 'string') return quote(value);
  if (value === null) return "''";
  if (typeof value === 'boolean') return value ? '1' : '';
  if (!(value instanceof NumberLiteral)) return undefined;
  // C++ Nix prints numbers without a fraction as 32-bit integers; larger ones are kept whole here.
  if (/^-?\d+$/.test(value.text)) return value.text;
  const number = Number(value.text);
  return Number.isInteger(number) ? String(number) : undefined;
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function sorted(object: JsonObject): [string, JsonValue][] {
  return [...object].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
