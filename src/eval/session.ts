/**
 * One evaluation session, the part's entry point: evaluates files and texts and turns values into text. Everything is
 * synchronous; all texts are byte strings.
 */
import type { ParsedFile } from '../syntax/index.ts';
import { printExpr } from '../syntax/index.ts';
import { type Selected, selectPath } from './attr-path.ts';
import { autoCall } from './auto-call.ts';
import { valueToJson } from './builtins/json.ts';
import { valueToXml, type XmlOptions } from './builtins/xml.ts';
import { coerceToString, pathText } from './coerce.ts';
import { isDerivation } from './equality.ts';
import { asNixError, StackOverflow } from './errors.ts';
import type { EvalIo } from './eval-io.ts';
import { Evaluator, type EvaluatorHooks, type TextSource } from './evaluator.ts';
import { force } from './force.ts';
import { forceDeep } from './force-deep.ts';
import { limits } from './limits.ts';
import { type PrintOptions, printValue } from './print.ts';
import { printResult } from './print-result.ts';
import type { EvalSettings, Runtime } from './runtime.ts';
import { intern } from './symbols.ts';
import { type AttrSet, emptySet, type Lazy, textOf, type Value } from './value.ts';

export const defaultSettings: EvalSettings = {
  system: 'x86_64-linux',
  pureEval: false,
  restrictEval: false,
  allowImportFromDerivation: true,
  allowedUris: [],
  allowedPaths: [],
  nixPath: [],
  maxCallDepth: 10_000,
  showTrace: false,
  traceVerbose: false,
  abortOnWarn: false,
  experimentalFeatures: new Set(),
  homeDir: undefined,
  workingDir: '/',
};

const drvPathSymbol = intern('drvPath');

export class EvalSession {
  readonly #evaluator: Evaluator;

  private constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator;
  }

  /** Settings that are left out have `defaultSettings`' values. */
  static create(io: EvalIo, settings: Partial<EvalSettings> = {}, hooks: EvaluatorHooks = {}): EvalSession {
    return new EvalSession(new Evaluator(io, { ...defaultSettings, ...settings }, hooks));
  }

  /** For those who add builtins or need the services that builtins have. */
  get runtime(): Runtime {
    return this.#evaluator;
  }

  /** The global names. */
  get globals(): ReadonlyMap<string, Lazy> {
    return this.#evaluator.globals;
  }

  /** Begins a new run; see `Evaluator.renew`. */
  renew(io: EvalIo, settings: Partial<EvalSettings>): void {
    this.#evaluator.renew(io, { ...defaultSettings, ...settings });
  }

  /** Lets another thread stop the evaluation: it does so once element 0 is not 0. */
  setInterrupt(flag: Int32Array): void {
    limits.interrupt = flag;
  }

  /** The value of the expression in a file or in a directory's `default.nix`. @throws NixError */
  evalFile(path: string): Value {
    return this.#guard(() => this.#evaluator.evaluateRootFile(path));
  }

  /** The value of an expression given as text. @throws NixError */
  evalString(source: TextSource): Value {
    return this.#guard(() => this.#evaluator.evaluateText(source));
  }

  /** The syntax tree of a text as `--parse` prints it. @throws ParseError */
  parse(source: TextSource): string {
    return this.#guard(() => printExpr(this.#evaluator.parseText(source).root));
  }

  /** The syntax tree of a text. @throws ParseError */
  parseTree(source: TextSource): ParsedFile {
    return this.#guard(() => this.#evaluator.parseText(source));
  }

  force(value: Lazy): Value {
    return this.#guard(() => force(value));
  }

  /** Computes the value with all it contains. */
  forceDeep(value: Lazy): void {
    this.#guard(() => forceDeep(value));
  }

  /** Calls functions that have a pattern with the given arguments; see `autoCall`. */
  autoCall(value: Lazy, args: AttrSet = emptySet): Value {
    return this.#guard(() => autoCall(value, args));
  }

  /** Follows an attribute path from a value; see `selectPath`. */
  selectPath(value: Lazy, path: string, args: AttrSet = emptySet): Selected {
    return this.#guard(() => selectPath(value, path, args));
  }

  /**
   * The value as `nix-instantiate --eval` prints it. `strict` computes everything first; otherwise what is not
   * computed is printed as `<CODE>`.
   */
  print(value: Lazy, { strict = false }: { readonly strict?: boolean } = {}): string {
    return this.#guard(() => {
      if (strict) forceDeep(value);
      return printResult(value, strict);
    });
  }

  /** The value as an XML document; see `XmlOptions`. */
  toXml(value: Lazy, options: XmlOptions): string {
    return this.#guard(() => valueToXml(value, options).text);
  }

  /** The value as JSON, everything computed. `copyPaths`: paths are copied to the store. */
  toJson(value: Lazy, copyPaths = true): string {
    return this.#guard(() => valueToJson(this.runtime, value, 0, copyPaths).text);
  }

  /** The value as messages and the interactive evaluator print it; see `PrintOptions`. */
  show(value: Lazy, options: PrintOptions = this.forcingPrintOptions()): string {
    return this.#guard(() => printValue(value, options));
  }

  /** What printing needs to refuse endless values. */
  printOptions(): PrintOptions {
    return {
      maxCallDepth: limits.maxDepth,
      onTooDeep: () => {
        throw new StackOverflow(0);
      },
    };
  }

  /** Print options that compute what is printed, and show derivations by their path. */
  forcingPrintOptions(): PrintOptions {
    return {
      ...this.printOptions(),
      force,
      derivationPath: (attrs) => {
        if (!isDerivation(attrs)) return undefined;
        const drvPath = attrs.get(drvPathSymbol);
        const what = 'while evaluating the drvPath of a derivation';
        return drvPath === undefined ? '' : textOf(coerceToString(this.runtime, drvPath, 0, what, pathText));
      },
    };
  }

  /** Runs an action that evaluates, under the session's limits. @throws NixError */
  run<T>(action: () => T): T {
    return this.#guard(action);
  }

  /** Runs one request from outside: counts depth from zero, and lets no JavaScript error about the stack out. */
  #guard<T>(action: () => T): T {
    const { depth } = limits;
    limits.maxDepth = this.#evaluator.settings.maxCallDepth;
    limits.traceCalls = this.#evaluator.settings.showTrace;
    try {
      return action();
    } catch (error) {
      throw asNixError(error);
    } finally {
      limits.depth = depth;
    }
  }
}
