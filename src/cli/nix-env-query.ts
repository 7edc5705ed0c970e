/** `nix-env --query`. */
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import { parseStorePath } from '../formats/index.ts';
import {
  type Element,
  formatJson,
  formatTable,
  formatXml,
  type QueryColumns,
  type QueryRow,
  queryInstalled,
  selectPackages,
} from '../packages/index.ts';
import { compareVersions, DrvName, type FoundPackage, type PackageField } from '../session/index.ts';
import type { NixEnvOptions } from './nix-env.ts';
import { NixEnvContext } from './nix-env-sources.ts';
import type { RunningCommand } from './program.ts';

export async function runQuery(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  running.invocation.onlyReads = true;
  const columns = columnsOf(options);
  if (columns.attrPath && !options.available)
    throw new UsageError('--attr-path(-P) only works with --available', {
      hint: 'installed packages have no attribute path',
    });
  const context = await NixEnvContext.open(options, running);
  const needsInstalled = !options.available || columns.compare || columns.status;
  const installed = needsInstalled ? await queryInstalled(context.session, context.profile) : [];
  const available = options.available || columns.compare ? await availablePackages(context) : [];
  const own = options.available
    ? available
    : installed.map((element, index) => foundOf(element, index, columns));
  const other = options.available ? installed : available;
  const selectors = options.arguments.map(encodeBytes);
  const indexed = options.available ? onlyIndexed(own, selectors, context) : [];
  const others = selectors.filter((selector) => !indexed.includes(selector));
  const chosen = others.length > 0 || indexed.length === 0 ? await choose(own, others, context) : [];
  const packages = options.available ? await withDetails(chosen, context, columns) : chosen;
  for (const selector of indexed) {
    const found = await context.findIndexed(selector, fieldsOf(options, columns));
    if (found) packages.push(found);
  }
  sortByName(packages);
  const rows = rowsOf(packages, { context, columns, installed, other });
  const print = { table: formatTable, xml: formatXml, json: formatJson }[options.format];
  running.printBytes(print(rows, columns));
  return 0;
}

function columnsOf({ columns }: NixEnvOptions): QueryColumns {
  return {
    status: columns.has('status'),
    name: !columns.has('no-name'),
    attrPath: columns.has('attr-path'),
    system: columns.has('system'),
    drvPath: columns.has('drv-path'),
    outPath: columns.has('out-path'),
    description: columns.has('description'),
    meta: columns.has('meta'),
    compare: columns.has('compare-versions'),
  };
}

/** Names of all available packages, and what choosing needs. */
async function availablePackages(context: NixEnvContext): Promise<FoundPackage[]> {
  const { systemFilter, queryAttr } = context.options;
  const found = await context.find(
    { fields: systemFilter === '*' ? [] : ['system'], pathPrefix: true },
    { attrPaths: [encodeBytes(queryAttr)] },
  );
  return systemFilter === '*' ? found : found.filter(({ system }) => system === systemFilter);
}

/** Selectors that mean nothing in the package set, but a package that a channel's index has. */
function onlyIndexed(
  packages: readonly FoundPackage[],
  selectors: readonly string[],
  context: NixEnvContext,
): string[] {
  const names = packages.map(({ name }) => DrvName.parse(name));
  return selectors.filter((text) => {
    const selector = DrvName.parse(text);
    return !names.some((name) => selector.matches(name)) && context.indexes.find(text) !== undefined;
  });
}

function choose(
  packages: FoundPackage[],
  selectors: readonly string[],
  context: NixEnvContext,
): Promise<FoundPackage[]> {
  const { session } = context;
  return selectPackages(packages, selectors, {
    newestOnly: false,
    system: session.settings.system,
    logger: session.logger,
    allNames: context.allNames,
  });
}

function sortByName(packages: FoundPackage[]): void {
  const keys = new Map(packages.map((each) => [each, upperCase(each.name)]));
  packages.sort((a, b) => compareTexts(keys.get(a)!, keys.get(b)!));
}

/** Letters of ASCII only, as the table is sorted. */
function upperCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Evaluates what the columns need; packages that fail with `throw` or `assert` are left out. */
async function withDetails(
  chosen: readonly FoundPackage[],
  context: NixEnvContext,
  columns: QueryColumns,
): Promise<FoundPackage[]> {
  const fields = fieldsOf(context.options, columns);
  if (fields.length === 0 || chosen.length === 0) return [...chosen];
  const details = await context.find(
    { fields, indices: chosen.map(({ index }) => index), pathPrefix: true },
    { attrPaths: [encodeBytes(context.options.queryAttr)] },
  );
  const byIndex = new Map(details.map((each) => [each.index, each]));
  return chosen.flatMap(({ index }) => {
    const each = byIndex.get(index);
    return each && !each.failed ? [each] : [];
  });
}

function fieldsOf(options: NixEnvOptions, columns: QueryColumns): PackageField[] {
  const isTable = options.format === 'table';
  const fields: PackageField[] = [];
  if (columns.status || options.prebuiltOnly) fields.push('outPath');
  if (columns.system || !isTable) fields.push('system');
  if (columns.drvPath) fields.push('drvPath');
  if (!isTable) fields.push('outputName');
  if (columns.outPath) fields.push('outputPaths');
  else if (!isTable) fields.push('outputNames');
  if (columns.description) fields.push('description');
  if (columns.meta && !isTable) fields.push('meta');
  return fields;
}

interface RowContext {
  readonly context: NixEnvContext;
  readonly columns: QueryColumns;
  readonly installed: readonly Element[];
  /** What versions are compared with. */
  readonly other: readonly { readonly name: string }[];
}

function rowsOf(
  packages: readonly FoundPackage[],
  { context, columns, installed, other }: RowContext,
): QueryRow[] {
  const { store, logger } = context.session;
  const paths = new Set(installed.map(({ outPath }) => outPath));
  return packages.flatMap((found) => {
    const isValid = () => store.isValidPath(parseStorePath(store.storeDir, found.outPath!));
    if (context.options.prebuiltOnly && !isValid()) return [];
    if (columns.meta)
      for (const [name, value] of found.meta ?? [])
        if (value === null)
          logger.log(
            0,
            `derivation '${context.shown(found.name)}' has invalid meta attribute '${context.shown(name)}'`,
          );
    return [
      {
        found,
        ...(columns.status
          ? { status: { installed: paths.has(found.outPath!), valid: isValid(), substitutable: false } }
          : {}),
        ...(columns.compare ? { difference: compareWith(found, other) } : {}),
      },
    ];
  });
}

/** How a package's version compares with those of the same name. */
function compareWith(found: FoundPackage, others: RowContext['other']): QueryRow['difference'] {
  const { name, version } = DrvName.parse(found.name);
  let result: QueryRow['difference'];
  for (const each of others) {
    const other = DrvName.parse(each.name);
    if (other.name !== name) continue;
    const order = compareVersions(version, other.version);
    if (order < 0) result = { sign: '<', version: other.version };
    else if (result?.sign === '<') continue;
    else if (order === 0) result = { sign: '=', version: other.version };
    else if (result?.sign !== '=' && (!result || compareVersions(result.version, other.version) < 0))
      result = { sign: '>', version: other.version };
  }
  return result;
}

/** An installed package as a query shows it. */
function foundOf(element: Element, index: number, columns: QueryColumns): FoundPackage {
  return {
    index,
    attrPath: String(index),
    name: element.name,
    system: element.system === '' ? 'unknown' : element.system,
    drvPath: element.drvPath,
    outPath: element.outPath,
    outputName: '',
    outputs: element.outputs.map(([name, path]) => [name, columns.outPath ? path : null] as const),
    description: descriptionOf(element),
    meta: element.meta,
  };
}

function descriptionOf({ meta }: Element): string {
  const value = meta.find(([name]) => name === 'description')?.[1];
  return value?.[0] === 'string' ? value[1] : '';
}
