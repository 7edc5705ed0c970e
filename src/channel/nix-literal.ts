/** Nix expressions that are plain data: what the generated files of a channel consist of. */

export type NixData =
  | string
  | number
  | boolean
  | readonly NixData[]
  | { readonly [name: string]: NixData | undefined };

/**
 * The literal for `value` on one line. Strings are byte strings; attributes whose value is `undefined` are left
 * out, the others keep their order; numbers must be safe integers.
 */
export function formatNixData(value: NixData): string {
  if (typeof value === 'string') return formatNixString(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return value < 0 ? `(${value})` : String(value);
  if (isList(value)) return value.length === 0 ? '[ ]' : `[ ${value.map(formatNixData).join(' ')} ]`;
  const attrs = Object.entries(value).flatMap(([name, inner]) =>
    inner === undefined ? [] : [`${formatNixName(name)} = ${formatNixData(inner)};`],
  );
  return attrs.length === 0 ? '{ }' : `{ ${attrs.join(' ')} }`;
}

/**
 * A whole file: one list element or attribute per line, so that two generations can be compared by eye. Top-level
 * attributes come as a map, which keeps the order of names such as `2048` where an object would not.
 */
export function formatNixFile(value: readonly NixData[] | ReadonlyMap<string, NixData>): string {
  if (value instanceof Map) {
    const lines = [...value].map(([name, inner]) => `  ${formatNixName(name)} = ${formatNixData(inner)};\n`);
    return `{\n${lines.join('')}}\n`;
  }
  return `[\n${[...value].map((item) => `  ${formatNixData(item as NixData)}\n`).join('')}]\n`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '${': '\\${',
};

/** A double-quoted Nix string. */
export function formatNixString(text: string): string {
  return `"${text.replace(/["\\\n\r\t]|\$\{/g, (match) => escapes[match])}"`;
}

const keywords = new Set(['assert', 'else', 'if', 'in', 'inherit', 'let', 'or', 'rec', 'then', 'with']);

function formatNixName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_'-]*$/.test(name) && !keywords.has(name) ? name : formatNixString(name);
}

function isList(value: NixData): value is readonly NixData[] {
  return Array.isArray(value);
}
