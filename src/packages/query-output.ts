/** How `nix-env --query` prints packages: a table, XML or JSON; the forms are C++ Nix's. */
import { DrvName, type FoundPackage, type MetaValue } from '../session/index.ts';

export interface QueryColumns {
  readonly status: boolean;
  readonly name: boolean;
  readonly attrPath: boolean;
  readonly system: boolean;
  readonly drvPath: boolean;
  readonly outPath: boolean;
  readonly description: boolean;
  readonly meta: boolean;
  readonly compare: boolean;
}

/** A package and what is known of it beside evaluation. */
export interface QueryRow {
  readonly found: FoundPackage;
  /** Installed, valid, substitutable. */
  readonly status?: { readonly installed: boolean; readonly valid: boolean; readonly substitutable: boolean };
  /** Compared with packages of the same name elsewhere; `undefined` where there are none. */
  readonly difference?: { readonly sign: '<' | '=' | '>'; readonly version: string } | undefined;
}

/** A table, columns separated by two spaces; the last one is not padded. */
export function formatTable(rows: readonly QueryRow[], columns: QueryColumns): string {
  const cells = rows.map((row) => rowCells(row, columns));
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  return cells
    .map((row) => row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i] + 2) : cell)).join(''))
    .map((line) => `${line}\n`)
    .join('');
}

function rowCells(row: QueryRow, columns: QueryColumns): string[] {
  const { found } = row;
  const cells: string[] = [];
  if (columns.status) cells.push(statusLetters(row.status));
  if (columns.attrPath) cells.push(found.attrPath);
  if (columns.name) cells.push(found.name);
  if (columns.compare)
    cells.push(row.difference ? `${row.difference.sign} ${row.difference.version}` : '- ?');
  if (columns.system) cells.push(found.system ?? '');
  if (columns.drvPath) cells.push(found.drvPath ?? '-');
  if (columns.outPath) cells.push(outPathCell(found));
  if (columns.description) cells.push(found.description ?? '');
  return cells.map((cell) => cell.replaceAll('\n', ' '));
}

function statusLetters(status: QueryRow['status']): string {
  return `${status?.installed ? 'I' : '-'}${status?.valid ? 'P' : '-'}${status?.substitutable ? 'S' : '-'}`;
}

function outPathCell({ outputs = [] }: FoundPackage): string {
  return outputs.map(([name, path]) => (name === 'out' ? path : `${name}=${path}`)).join(';');
}

type Attributes = Record<string, string | undefined>;

/** `<items>` with an `<item>` for each package. */
export function formatXml(rows: readonly QueryRow[], columns: QueryColumns): string {
  const items = rows.map((row) => xmlItem(row, columns)).join('');
  return `<?xml version='1.0' encoding='utf-8'?>\n${element('', 'items', {}, items)}\n`;
}

function xmlItem({ found, status, difference }: QueryRow, columns: QueryColumns): string {
  const { name: pname, version, fullName } = DrvName.parse(found.name);
  const flag = (value: boolean | undefined) => (columns.status ? (value ? '1' : '0') : undefined);
  const attributes: Attributes = {
    installed: flag(status?.installed),
    valid: flag(status?.valid),
    substitutable: flag(status?.substitutable),
    attrPath: found.attrPath,
    name: fullName,
    pname,
    version,
    versionDiff: difference?.sign,
    maxComparedVersion: difference?.version,
    system: found.system || undefined,
    drvPath: columns.drvPath ? found.drvPath : undefined,
    outputName: found.outputName ?? '',
    description: columns.description && found.description ? found.description : undefined,
  };
  const outputs = (found.outputs ?? []).map(([name, path]) =>
    element('    ', 'output', { name, path: path ?? undefined }),
  );
  const meta = columns.meta ? (found.meta ?? []).map(([name, value]) => xmlMeta(name, value)) : [];
  return element('  ', 'item', attributes, [...outputs, ...meta].join(''), true);
}

function xmlMeta(name: string, value: MetaValue | null): string {
  if (value === null) return '';
  const [kind, content] = value;
  if (kind === 'list' || kind === 'set') {
    const strings = value[1].flatMap((item) =>
      xmlString(kind === 'set' ? (item as Pair) : [undefined, item as MetaValue]),
    );
    return element('    ', 'meta', { name, type: 'strings' }, strings.join(''), true);
  }
  return element('    ', 'meta', { name, type: kind, value: String(content) });
}

type Pair = readonly [string | undefined, MetaValue];

function xmlString([type, value]: Pair): string[] {
  return value[0] === 'string' ? [element('      ', 'string', { type, value: value[1] })] : [];
}

/** One element on lines of its own; `inner` are whole lines. Attributes in byte order. */
function element(
  indent: string,
  name: string,
  attributes: Attributes,
  inner = '',
  open = inner !== '',
): string {
  const given = Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = given.map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('');
  const isRoot = indent === '' && name === 'items';
  if (!open && !isRoot) return `${indent}<${name}${text} />\n`;
  return `${indent}<${name}${text}>\n${inner}${indent}</${name}>${isRoot ? '' : '\n'}`;
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '"': '&quot;',
    '<': '&lt;',
    '>': '&gt;',
    '&': '&amp;',
    '\n': '&#xA;',
  };
  return text.replace(/["<>&\n]/g, (character) => entities[character]);
}

/** An object with a member for each attribute path. */
export function formatJson(rows: readonly QueryRow[], columns: QueryColumns): string {
  const members = rows.map(({ found }) => [found.attrPath, jsonPackage(found, columns)] as const);
  const sorted = [...new Map(members)].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${render(new Map(sorted), '')}\n`;
}

/** JSON as a tree; numbers are kept as they were written. */
type Tree =
  | string
  | null
  | boolean
  | { readonly number: string }
  | readonly Tree[]
  | ReadonlyMap<string, Tree>;

function jsonPackage(found: FoundPackage, columns: QueryColumns): Tree {
  const { name: pname, version, fullName } = DrvName.parse(found.name);
  const members: [string, Tree][] = [
    ['name', fullName],
    ['outputName', found.outputName ?? ''],
    ['outputs', new Map(found.outputs ?? [])],
    ['pname', pname],
    ['system', found.system ?? ''],
    ['version', version],
  ];
  if (columns.drvPath && found.drvPath !== undefined) members.push(['drvPath', found.drvPath]);
  if (columns.meta)
    members.push(['meta', new Map((found.meta ?? []).map(([name, value]) => [name, metaTree(value)]))]);
  return new Map(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function metaTree(value: MetaValue | null): Tree {
  if (value === null) return null;
  switch (value[0]) {
    case 'list':
      return value[1].map(metaTree);
    case 'set':
      return new Map(value[1].map(([name, item]) => [name, metaTree(item)]));
    case 'int':
      return { number: value[1] };
    case 'float':
      return { number: value[2] };
    default:
      return value[1];
  }
}

function render(tree: Tree, indent: string): string {
  if (tree === null || typeof tree === 'boolean') return String(tree);
  // Texts are byte strings: everything beyond ASCII passes as it is.
  if (typeof tree === 'string') return JSON.stringify(tree);
  if (Array.isArray(tree))
    return block(
      '[',
      ']',
      tree.map((item) => render(item, `${indent}  `)),
      indent,
    );
  if (tree instanceof Map) {
    const members = [...tree].map(
      ([name, value]) => `${JSON.stringify(name)}: ${render(value, `${indent}  `)}`,
    );
    return block('{', '}', members, indent);
  }
  return (tree as { number: string }).number;
}

function block(open: string, close: string, members: readonly string[], indent: string): string {
  if (members.length === 0) return open + close;
  return `${open}\n${members.map((member) => `${indent}  ${member}`).join(',\n')}\n${indent}${close}`;
}
