/** Answers requests with an `EvalSession`: what the evaluator's Worker does, and small evaluations without it. */
import { homedir } from 'node:os';
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import { AttrSet, EvalSession, type EvalSettings, type Lazy, typeName } from '../eval/index.ts';
import { flakeBuiltins } from '../flakes/index.ts';
import type { AutoArgument, EvaluationAnswer, EvaluationRequest, ExpressionSource } from './evaluation.ts';
import { findDerivations, stringText } from './find-derivations.ts';
import { findPackages } from './find-packages.ts';
import { flakeRoot } from './flake-source.ts';
import type { NodeEvalIo } from './node-eval-io.ts';
import type { ParseCache } from './parse-cache.ts';
import type { SearchPathEntry } from './search-path.ts';
import type { Settings } from './settings.ts';

/** What evaluation depends on besides its request. */
export interface EvaluationSurroundings {
  readonly settings: Settings;
  readonly searchPath: readonly SearchPathEntry[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class RequestAnswerer {
  readonly session: EvalSession;
  readonly #surroundings: EvaluationSurroundings;
  readonly #trees: ParseCache | undefined;
  #io: NodeEvalIo;

  /** `keepCode`: `renew` will be called. */
  constructor(io: NodeEvalIo, surroundings: EvaluationSurroundings, trees?: ParseCache, keepCode = false) {
    this.#io = io;
    this.#surroundings = surroundings;
    this.#trees = trees;
    this.session = EvalSession.create(io, evalSettings(surroundings), {
      trees,
      keepCode,
      builtins: flakeBuiltins,
    });
  }

  /** Begins a new run, with nothing known but code. */
  renew(io: NodeEvalIo): void {
    this.#io = io;
    this.session.renew(io, evalSettings(this.#surroundings));
  }

  /** @throws NixError */
  evaluate(request: EvaluationRequest): EvaluationAnswer {
    try {
      return this.#evaluate(request);
    } finally {
      this.#trees?.save();
    }
  }

  #evaluate(request: EvaluationRequest): EvaluationAnswer {
    this.#io.writeStore = request.writeStore;
    if (request.output === 'parse' && request.source.kind !== 'flake')
      return { kind: 'texts', texts: [this.session.parse(this.#textSource(request.source))] };
    const root = this.#rootValue(request.source);
    const args = this.#automaticArguments(request.args);
    if (request.output === 'derivations') {
      const derivations = request.attrPaths.flatMap((path) =>
        findDerivations(this.session, this.session.selectPath(root, path, args).value, path, args),
      );
      return { kind: 'derivations', derivations };
    }
    if (request.output === 'packages') {
      const query = request.packages!;
      const texts = request.attrPaths.map((prefix) => {
        const { value } = this.session.selectPath(root, prefix, args);
        return JSON.stringify(findPackages(this.session, value, { prefix, args, query }));
      });
      return { kind: 'texts', texts };
    }
    return {
      kind: 'texts',
      texts: request.attrPaths.map((path) =>
        this.#valueText(
          this.session.autoCall(this.session.selectPath(root, path, args).value, args),
          request,
        ),
      ),
    };
  }

  #rootValue(source: ExpressionSource): Lazy {
    if (source.kind === 'flake') return flakeRoot(this.session, source);
    if (source.kind === 'text') return this.session.evalString(this.#textSource(source));
    const lookup = /^<(.+)>$/.exec(source.path);
    return this.session.evalFile(lookup ? this.lookUp(lookup[1]) : source.path);
  }

  /** Resolves `<name>`. */
  lookUp(name: string): string {
    return this.session.runtime.findFile(this.session.force(this.session.globals.get('__nixPath')!), name, 0);
  }

  #textSource(source: Exclude<ExpressionSource, { kind: 'flake' }>) {
    if (source.kind === 'file') {
      const path = this.#io.lstat(source.path) === 'directory' ? `${source.path}/default.nix` : source.path;
      return {
        text: this.#io.readFile(path),
        origin: { kind: 'path' as const, path },
        basePath: path.slice(0, path.lastIndexOf('/')) || '/',
      };
    }
    const { text, basePath } = source;
    return {
      text,
      origin: { kind: source.stdin ? ('stdin' as const) : ('string' as const), basePath },
      basePath,
    };
  }

  #automaticArguments(args: readonly AutoArgument[]): AttrSet {
    const entries = args.map(({ name, kind, text }): [string, Lazy] => {
      if (kind === 'string') return [name, text];
      const basePath = encodeBytes(process.cwd());
      return [name, this.session.evalString({ text, origin: { kind: 'string', basePath }, basePath })];
    });
    // The last one of a name wins, as with C++ Nix.
    return AttrSet.from(entries.reverse());
  }

  #valueText(value: Lazy, request: EvaluationRequest): string {
    switch (request.output) {
      case 'json':
        return this.session.toJson(value);
      case 'type':
        return typeName(this.session.force(value));
      case 'xml':
        return this.session
          .toXml(value, { strict: request.strict, locations: request.xmlLocations === true })
          .trimEnd();
      case 'raw': {
        const text = stringText(this.session.force(value));
        if (text === undefined)
          throw new UsageError('the value is not a string', { hint: 'leave out --raw' });
        return text;
      }
      default:
        return this.session.print(value, { strict: request.strict });
    }
  }
}

function evalSettings({ settings, env, searchPath }: EvaluationSurroundings): Partial<EvalSettings> {
  return {
    system: settings['eval-system'] || settings.system,
    pureEval: settings['pure-eval'],
    restrictEval: settings['restrict-eval'],
    allowImportFromDerivation: settings['allow-import-from-derivation'],
    allowedUris: settings['allowed-uris'],
    nixPath: searchPath.map(({ prefix, path }) => [encodeBytes(prefix), encodeBytes(path)]),
    maxCallDepth: settings['max-call-depth'],
    showTrace: settings['show-trace'],
    traceVerbose: settings['trace-verbose'],
    experimentalFeatures: new Set(settings['experimental-features']),
    homeDir: encodeBytes(env['HOME'] ?? homedir()),
    workingDir: encodeBytes(process.cwd()),
  };
}
