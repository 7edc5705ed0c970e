/**
 * The runtime of one session: files parsed and imported, the search path, copies in the store, messages. Everything
 * that builtins and compiled code need beyond values.
 */
import { NixError, renderError, SourceFile, type SourceOrigin } from '../diagnostics/index.ts';
import {
  canonicalPath,
  checkScopes,
  freeNames,
  type ParsedFile,
  parse,
  readTreeImage,
  writeTreeImage,
} from '../syntax/index.ts';
import { makeGlobals } from './builtins/index.ts';
import type { BuiltinTable } from './builtins/registry.ts';
import { delay } from './call.ts';
import { compileFile } from './compile/compile.ts';
import { evalError, withTrace } from './errors.ts';
import type { EvalIo } from './eval-io.ts';
import { force } from './force.ts';
import { internalSource } from './internal-files.ts';
import { limits } from './limits.ts';
import { baseNameOf, missingPath, PathAccess, parentOf } from './path-access.ts';
import { type PosIdx, resolvePos } from './positions.ts';
import type { EvalSettings, Runtime } from './runtime.ts';
import { parseSearchPath, SearchPath } from './search-path.ts';
import { symbolName } from './symbols.ts';
import { type AttrSet, type Lazy, Thunk, type Value } from './value.ts';

/** Where texts to parse come from and what relative paths in them start from. */
export interface TextSource {
  readonly text: string;
  readonly origin: SourceOrigin;
  readonly basePath: string;
}

/** A cache of parsed files. Images are those of the syntax part. */
export interface TreeCache {
  /** The name of a text's tree; `surroundings` is what else parsing depends on. */
  key(text: string, surroundings: string): string;
  find(key: string): Uint8Array | undefined;
  add(key: string, image: Uint8Array): void;
  /** Some bytes as a byte string. */
  latin1(bytes: Uint8Array, start: number, end: number): string;
}

export interface EvaluatorHooks {
  /** Where trees of files are kept; without it every file is parsed. */
  readonly trees?: TreeCache | undefined;
  /** Keeps the compiled code of files for later runs; see `Evaluator.renew`. */
  readonly keepCode?: boolean | undefined;
  /** Further builtins; they come after the language's own and replace those of the same name. */
  readonly builtins?: BuiltinTable;
}

/** A file's code, and what it was compiled from. */
interface CompiledFile {
  readonly text: string;
  /** What else parsing depends on. */
  readonly surroundings: string;
  readonly run: () => Value;
}

export class Evaluator implements Runtime {
  io: EvalIo;
  settings: EvalSettings;
  readonly globals: ReadonlyMap<string, Lazy>;
  #access: PathAccess;
  #searchPath: SearchPath;
  readonly #hooks: EvaluatorHooks;
  /** The global thunks as they were made. */
  readonly #constants: readonly {
    readonly thunk: Thunk;
    readonly code: Thunk['code'];
    readonly env: unknown;
  }[];
  /** Path -> code, where that is kept. */
  readonly #code = new Map<string, CompiledFile>();
  /** Path as imported -> file. */
  readonly #resolvedImports = new Map<string, string>();
  /** File -> its value. */
  readonly #files = new Map<string, Thunk>();
  readonly #copies = new Map<string, string>();
  readonly #memos = new Map<string, unknown>();

  constructor(io: EvalIo, settings: EvalSettings, hooks: EvaluatorHooks = {}) {
    this.io = io;
    this.settings = settings;
    this.#hooks = hooks;
    this.#access = new PathAccess(io, settings);
    this.#searchPath = new SearchPath(this);
    this.globals = makeGlobals(this, hooks.builtins);
    this.#constants = [...this.globals.values()]
      .filter((value) => value instanceof Thunk)
      .map((thunk) => ({ thunk, code: thunk.code, env: thunk.env as unknown }));
    limits.maxDepth = settings.maxCallDepth;
    limits.traceCalls = settings.showTrace;
  }

  /**
   * Begins a new run, in another state of the world: forgets every value and all that was learned. Only code is kept,
   * which follows from texts alone. `settings` may differ from those before in `workingDir`, no more: code refers to
   * the global names, whose values follow from the others.
   */
  renew(io: EvalIo, settings: EvalSettings): void {
    this.io = io;
    this.settings = settings;
    this.#access = new PathAccess(io, settings);
    this.#searchPath = new SearchPath(this);
    this.#commonSurroundings = undefined;
    for (const known of [this.#resolvedImports, this.#files, this.#copies, this.#memos]) known.clear();
    for (const { thunk, code, env } of this.#constants) {
      thunk.code = code;
      thunk.env = env;
    }
  }

  get builtins(): AttrSet {
    return force(this.globals.get('builtins')!) as AttrSet;
  }

  importFile(path: string, _pos: PosIdx): Value {
    let file = this.#resolvedImports.get(path);
    if (file === undefined) {
      file = internalSource(path) === undefined ? this.#access.resolveImport(path) : path;
      this.#resolvedImports.set(path, file);
    }
    let value = this.#files.get(file);
    if (value === undefined) {
      value = delay(() => this.#evaluateFile(file));
      this.#files.set(file, value);
    }
    return force(value);
  }

  #evaluateFile(file: string): Value {
    const run = this.#compile(this.#readSource(file), this.globals);
    try {
      return run();
    } catch (error) {
      throw withTrace(error, `while evaluating the file '${file}':`);
    }
  }

  /** Evaluates a file that was named from outside: its name is no news to the user, and it is not remembered. */
  evaluateRootFile(path: string): Value {
    return this.#compile(this.#readSource(this.#access.resolveImport(path)), this.globals)();
  }

  importScoped(path: string, scope: AttrSet, _pos: PosIdx): Value {
    const file = this.#access.resolveImport(path);
    const globals = new Map(this.globals);
    scope.shape.keys.forEach((key, i) => {
      globals.set(symbolName(key), scope.values[i]);
    });
    return this.#compile(this.#readSource(file), globals)();
  }

  #readSource(file: string): TextSource {
    const internal = internalSource(file);
    const text = internal ?? this.io.readFile(this.#access.check(file));
    return { text, origin: { kind: 'path', path: file }, basePath: parentOf(file) };
  }

  /** Evaluates a text. */
  evaluateText(source: TextSource): Value {
    return this.#compile(source, this.globals)();
  }

  /** Parses a text and checks its variables; files may come from the cache of trees. */
  parseText(from: TextSource, globals = this.globals): ParsedFile {
    const { trees } = this.#hooks;
    if (trees === undefined || from.origin.kind !== 'path') return this.#parseAnew(from, globals);
    const key = trees.key(from.text, this.#parseSurroundings(from.basePath));
    const image = trees.find(key);
    const tree = image && readTreeImage(image, (start, end) => trees.latin1(image, start, end));
    if (tree?.freeNames.every((name) => globals.has(name)))
      return { source: new SourceFile(from.origin, from.text), root: tree.root };
    const parsed = this.#parseAnew(from, globals);
    if (parsed.warnings === undefined) trees.add(key, writeTreeImage(parsed.root, freeNames(parsed)));
    return parsed;
  }

  #parseAnew({ text, origin, basePath }: TextSource, globals: ReadonlyMap<string, Lazy>): ParsedFile {
    const source = new SourceFile(origin, text);
    const parsed = parse(source, this.#parseOptions(basePath));
    checkScopes(parsed, { has: (name) => globals.has(name), [Symbol.iterator]: () => globals.keys() });
    for (const { message, pos, located } of parsed.warnings ?? []) {
      if (located) this.#showWarning(new NixError(message, { pos: { source, offset: pos } }), 'warning');
      else this.warn(message);
    }
    return parsed;
  }

  #showWarning(warning: NixError, label: string): void {
    this.io.print(renderError(warning, { showTrace: this.settings.showTrace, colour: false, label }));
  }

  #parseOptions(basePath: string) {
    return {
      basePath,
      homeDir: this.settings.pureEval ? undefined : this.settings.homeDir,
      lints: {
        urlLiterals: this.settings.lintUrlLiterals,
        absolutePathLiterals: this.settings.lintAbsolutePathLiterals,
        shortPathLiterals: this.settings.lintShortPathLiterals,
      },
      pipeOperators: this.settings.experimentalFeatures.has('pipe-operators'),
      maxDepth: this.settings.maxCallDepth,
    };
  }

  /** The options of parsing as text. */
  #parseSurroundings(basePath: string): string {
    this.#commonSurroundings ??= JSON.stringify(this.#parseOptions(''));
    return `${this.#commonSurroundings}\0${basePath}`;
  }
  #commonSurroundings: string | undefined;

  #compile(source: TextSource, globals: ReadonlyMap<string, Lazy>): () => Value {
    if (this.#hooks.keepCode && source.origin.kind === 'path' && globals === this.globals)
      return this.#keptCode(source, source.origin.path);
    const parsed = this.parseText(source, globals);
    return compileFile(parsed, source.text.length, { runtime: this, globals });
  }

  #keptCode(source: TextSource, path: string): () => Value {
    const { text } = source;
    const surroundings = this.#parseSurroundings(source.basePath);
    const known = this.#code.get(path);
    if (known?.text === text && known.surroundings === surroundings) return known.run;
    const parsed = this.parseText(source);
    const run = compileFile(parsed, text.length, { runtime: this, globals: this.globals });
    // What parsing warns of is to be said each time.
    if (parsed.warnings === undefined) this.#code.set(path, { text, surroundings, run });
    return run;
  }

  copyPathToStore(path: string, _pos: PosIdx): string {
    let copy = this.#copies.get(path);
    if (copy === undefined) {
      if (path.endsWith('.drv')) throw evalError("file names are not allowed to end in '.drv'");
      const real = this.#access.resolveLinks(this.#access.check(path), false);
      if (this.io.lstat(real) === undefined) throw missingPath(path);
      copy = this.io.addPath({ path: real, name: baseNameOf(path), recursive: true });
      this.#copies.set(path, copy);
      this.allowPath(copy);
    }
    return copy;
  }

  checkPath(path: string, _pos: PosIdx): string {
    return this.#access.check(path);
  }

  allowPath(path: string): void {
    if (this.#access.isLimited) this.#access.allow(path);
  }

  resolveLinks(path: string): string {
    return this.#access.resolveLinks(path, true);
  }

  absolutePath(path: string): string {
    return canonicalPath(path.startsWith('/') ? path : `${this.settings.workingDir}/${path}`);
  }

  warn(message: string, pos: PosIdx = 0, trace?: string): void {
    if (pos === 0 && trace === undefined) {
      this.io.print(`warning: ${message}`);
      return;
    }
    const warning = new NixError(message, { pos: resolvePos(pos) });
    this.#showWarning(trace === undefined ? warning : warning.addTrace(trace), 'warning');
  }

  evaluationWarning(message: string): void {
    const label = 'evaluation warning';
    // A message that begins with a line of its own is left as it is.
    if (message.startsWith('\n')) this.io.print(`${label}:${message.trimEnd()}`);
    else this.#showWarning(new NixError(message), label);
  }

  print(message: string): void {
    this.io.print(message);
  }

  memo<T>(key: string, create: () => T): T {
    if (!this.#memos.has(key)) this.#memos.set(key, create());
    return this.#memos.get(key) as T;
  }

  findFile(searchPath: Lazy, name: string, pos: PosIdx): string {
    return this.#searchPath.find(parseSearchPath(this, searchPath), name, pos);
  }
}
