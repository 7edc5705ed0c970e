/** Where `nix-env` gets packages from: an expression, attribute paths, functions, store paths, another profile. */
import { resolve } from 'node:path';
import { decodeBytes, encodeBytes, Verbosity } from '../diagnostics/index.ts';
import { parseStorePath } from '../formats/index.ts';
import {
  ChannelIndexes,
  defaultExpressions,
  type Element,
  type Expressions,
  elementFields,
  elementOf,
  expressionAt,
  expressionsAt,
  findProfile,
  installables,
  queryInstalled,
  queryPackages,
  selectPackages,
} from '../packages/index.ts';
import {
  DrvName,
  type EvaluationRequest,
  type ExpressionSource,
  type FoundPackage,
  type PackageField,
  type PackageQuery,
  type Session,
} from '../session/index.ts';
import { printPlan } from './build-plan.ts';
import { evaluationRequest } from './evaluation-sources.ts';
import type { NixEnvOptions } from './nix-env.ts';
import type { RunningCommand } from './program.ts';

/** One run of `nix-env`: options, session, profile, source of packages. */
export class NixEnvContext {
  readonly options: NixEnvOptions;
  readonly running: RunningCommand;
  readonly session: Session;
  readonly profile: string;
  #found: { readonly source: ExpressionSource; readonly expressions: Expressions } | undefined;
  #indexes: ChannelIndexes | undefined;

  private constructor(options: NixEnvOptions, running: RunningCommand, session: Session) {
    this.options = options;
    this.running = running;
    this.session = session;
    this.profile = findProfile({ session, env: options.env, profile: options.profile });
  }

  static async open(options: NixEnvOptions, running: RunningCommand): Promise<NixEnvContext> {
    if (options.dryRun) running.logger.log(Verbosity.info, '(dry run; not doing anything)');
    return new NixEnvContext(options, running, await running.session());
  }

  /** The expression that holds the available packages. */
  get source(): ExpressionSource {
    this.#found ??= this.#findSource();
    return this.#found.source;
  }

  #findSource(): { source: ExpressionSource; expressions: Expressions } {
    const { file, env } = this.options;
    if (file === undefined) return expressionsAt(this.session, defaultExpressions(this.session, env));
    if (/^<.+>$/.test(file) || /^(https?|file|channel|flake):/.test(file))
      return { source: { kind: 'file', path: encodeBytes(file) }, expressions: new Map() };
    return { source: expressionAt(this.session, resolve(file)), expressions: new Map() };
  }

  /** The indexes of the user's channels; an expression that was named with `--file` is evaluated instead. */
  get indexes(): ChannelIndexes {
    this.#found ??= this.#findSource();
    this.#indexes ??= new ChannelIndexes(this.session, this.#found.expressions);
    return this.#indexes;
  }

  /** The package that a selector names exactly, when an index has it and it evaluates to one of that name. */
  async findIndexed(selector: string, fields: readonly PackageField[]): Promise<FoundPackage | undefined> {
    const indexed = this.indexes.find(selector);
    if (indexed === undefined) return undefined;
    const query = { fields, selectors: [selector] };
    const [found] = await this.find(query, { source: indexed.source, attrPaths: [''], args: [] });
    return found && !found.failed ? { ...found, attrPath: indexed.attrPath } : undefined;
  }

  /** Evaluates for packages. */
  find(
    query: Partial<PackageQuery> & Pick<PackageQuery, 'fields'>,
    rest: Partial<EvaluationRequest> = {},
  ): Promise<FoundPackage[]> {
    const { invocation } = this.running;
    return queryPackages(
      this.session,
      evaluationRequest(invocation, rest.source ?? this.source, {
        output: 'packages',
        writeStore: this.options.operation !== 'query' && !invocation.readOnlyMode,
        ...rest,
        packages: { ignoreAssertions: true, pathPrefix: false, ...query },
      }),
    );
  }

  /** The packages that the command's arguments stand for. */
  async packages(newestOnly: boolean): Promise<Element[]> {
    const { from, arguments: args } = this.options;
    if (from === 'attributes') return this.#byAttribute(args);
    if (from === 'expressions') return this.#byExpression(args);
    if (from !== undefined) return this.#fromProfile(from.profile, newestOnly);
    if (args[0]?.includes('/')) return args.map((argument) => this.#storePath(argument));
    return this.#byName(args, newestOnly);
  }

  async #byAttribute(paths: readonly string[]): Promise<Element[]> {
    const attrPaths = paths.map(encodeBytes);
    return (await this.find({ fields: elementFields }, { attrPaths })).map(elementOf);
  }

  async #byExpression(functions: readonly string[]): Promise<Element[]> {
    const basePath = encodeBytes(process.cwd());
    const elements: Element[] = [];
    for (const text of functions) {
      const applied = `(${encodeBytes(text)}) (${this.#sourceText()})`;
      const source = { kind: 'text', text: applied, basePath } as const;
      elements.push(...(await this.find({ fields: elementFields }, { source })).map(elementOf));
    }
    return elements;
  }

  #sourceText(): string {
    const { source } = this;
    if (source.kind === 'text') return source.text;
    if (source.kind !== 'file') return '{ }';
    return /^</.test(source.path) ? `import ${source.path}` : `import (/. + ${JSON.stringify(source.path)})`;
  }

  async #fromProfile(profile: string, newestOnly: boolean): Promise<Element[]> {
    const installed = await queryInstalled(this.session, resolve(profile));
    return selectPackages(installed, this.options.arguments, this.#selection(newestOnly));
  }

  #storePath(argument: string): Element {
    const { store } = this.session;
    const path = this.session.storePathOf(argument);
    const printed = `${store.storeDir}/${path.baseName}`;
    const base = { system: '', meta: [], priority: 0, keep: false };
    if (!path.isDerivation)
      return { ...base, name: path.name, outPath: printed, drvPath: undefined, outputs: [['out', printed]] };
    const outputs = [...store.readDerivation(path).outputs].map(
      ([name, output]) => [name, output.path] as const,
    );
    const outPath = outputs.find(([name]) => name === 'out')?.[1] ?? outputs[0][1];
    return { ...base, name: path.derivationName, outPath, drvPath: printed, outputs: [['out', outPath]] };
  }

  /** First only names are computed, then everything of the packages that were chosen. */
  async #byName(selectors: readonly string[], newestOnly: boolean): Promise<Element[]> {
    const texts = selectors.map(encodeBytes);
    const indexed = newestOnly ? await this.#byIndex(texts) : undefined;
    if (indexed) return indexed;
    const wanted = texts.length > 0 && !texts.includes('*') ? texts : undefined;
    const { systemFilter } = this.options;
    const all = await this.find({ fields: ['system', 'flags'], selectors: wanted });
    const usable = all.filter(
      ({ system, failed }) => !failed && (systemFilter === '*' || system === systemFilter),
    );
    const chosen = await selectPackages(usable, texts, this.#selection(newestOnly));
    const indices = chosen.map(({ index }) => index);
    if (indices.length === 0) return [];
    const found = await this.find({ fields: elementFields, indices });
    const byIndex = new Map(found.map((each) => [each.index, each]));
    return indices.flatMap((index) => {
      const each = byIndex.get(index);
      return each && !each.failed ? [elementOf(each)] : [];
    });
  }

  /** `undefined` unless the index has all of them. */
  async #byIndex(selectors: readonly string[]): Promise<Element[] | undefined> {
    if (selectors.length === 0 || !selectors.every((text) => this.indexes.find(text))) return undefined;
    const elements: Element[] = [];
    for (const text of selectors) {
      const found = await this.findIndexed(text, elementFields);
      if (found === undefined) return undefined;
      elements.push(elementOf(found));
    }
    return elements;
  }

  #selection(newestOnly: boolean) {
    return {
      newestOnly,
      system: this.session.settings.system,
      logger: this.session.logger,
      allNames: this.allNames,
    };
  }

  /** Names of all packages, to suggest near ones. */
  readonly allNames = async (): Promise<string[]> => {
    const found = await this.find({ fields: [] });
    return [...found.map(({ name }) => DrvName.parse(name).name), ...this.indexes.names()];
  };

  /** Says what building elements would build and fetch. */
  readonly announce = async (elements: readonly Element[]): Promise<void> => {
    const wanted = installables(this.session, elements);
    if (wanted.length === 0) return;
    const plan = await this.session.planBuild(wanted);
    printPlan(this.session.logger, plan, this.session.store.storeDir, { verbosity: Verbosity.info });
  };

  /** Leaves out what would have to be built, where that was asked for. */
  prebuilt(elements: readonly Element[]): Element[] {
    if (!this.options.prebuiltOnly) return [...elements];
    const { store } = this.session;
    return elements.filter(({ outPath }) => store.isValidPath(parseStorePath(store.storeDir, outPath)));
  }

  get signal(): AbortSignal {
    return this.running.signal;
  }

  /** Text as it is shown. */
  shown(text: string): string {
    return decodeBytes(text);
  }
}
