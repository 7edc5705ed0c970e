/** What a derivation demands of its finished outputs: hash of a fixed output, allowed references, sizes. */
import {
  type Derivation,
  equalHashes,
  formatHash,
  type Hash,
  parseBareHash,
  parseMethodAlgorithm,
  parseStorePath,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import type { PathInfo } from '../store/index.ts';
import type { ClosureFinder } from './closure.ts';
import type { DerivationOptions, OutputChecks } from './derivation-options.ts';
import { fixedOutputReferences, hashMismatch, rejected } from './errors.ts';

export interface CheckContext {
  readonly storeDir: string;
  readonly drvPath: string;
  readonly derivation: Derivation;
  readonly options: DerivationOptions;
  /** Output name -> what was built, registered or not. */
  readonly outputs: ReadonlyMap<string, PathInfo>;
  readonly closures: ClosureFinder;
}

/** The content address that a fixed output must have; `undefined` for any other. */
export function fixedOutput(
  derivation: Derivation,
): { method: 'flat' | 'nar' | 'text'; hash: Hash } | undefined {
  const output = derivation.outputs.get('out');
  if (!output || output.hash === '' || output.hashAlgo === '') return undefined;
  const { method, algorithm } = parseMethodAlgorithm(output.hashAlgo);
  return { method, hash: parseBareHash(output.hash, algorithm) };
}

/** Throws `BuildError` with both hashes when `got` is not what the derivation promised, or references exist. */
export function checkFixedOutput(context: {
  readonly storeDir: string;
  readonly drvPath: string;
  readonly wanted: Hash;
  readonly got: Hash;
  readonly references: readonly StorePath[];
}): void {
  const { wanted, got, references, drvPath } = context;
  if (!equalHashes(wanted, got)) {
    throw hashMismatch(drvPath, formatHash(wanted, 'sri', true), formatHash(got, 'sri', true));
  }
  if (references.length > 0) {
    throw fixedOutputReferences(drvPath, references.length, printStorePath(context.storeDir, references[0]));
  }
}

/** Throws `BuildError` for the first output that breaks a rule of its derivation. */
export function checkOutputs(context: CheckContext): void {
  for (const [name, info] of context.outputs) {
    const checks = context.options.outputChecks(name);
    if (checks) new OutputCheck(context, name, info, checks).run();
  }
}

class OutputCheck {
  readonly #context: CheckContext;
  readonly #name: string;
  readonly #info: PathInfo;
  readonly #checks: OutputChecks;

  constructor(context: CheckContext, name: string, info: PathInfo, checks: OutputChecks) {
    this.#context = context;
    this.#name = name;
    this.#info = info;
    this.#checks = checks;
  }

  run(): void {
    const checks = this.#checks;
    this.#checkSizes();
    if (checks.allowedReferences) this.#checkAllowed(checks.allowedReferences, this.#info.references);
    if (checks.allowedRequisites) this.#checkAllowed(checks.allowedRequisites, this.#requisites());
    if (checks.disallowedReferences.length > 0) {
      this.#checkDisallowed(checks.disallowedReferences, this.#info.references);
    }
    if (checks.disallowedRequisites.length > 0)
      this.#checkDisallowed(checks.disallowedRequisites, this.#requisites());
  }

  #print(path: StorePath): string {
    return printStorePath(this.#context.storeDir, path);
  }

  #checkSizes(): void {
    const { maxSizeBytes, maxClosureSizeBytes } = this.#checks;
    const { path, narSizeBytes } = this.#info;
    if (maxSizeBytes !== undefined && narSizeBytes > maxSizeBytes) {
      throw rejected(
        'output-too-large',
        `path '${this.#print(path)}' is too large at ${narSizeBytes} bytes; limit is ${maxSizeBytes} bytes`,
      );
    }
    if (maxClosureSizeBytes === undefined) return;
    const size = this.#closure().reduce((sum, info) => sum + info.narSizeBytes, 0);
    if (size <= maxClosureSizeBytes) return;
    throw rejected(
      'closure-too-large',
      `closure of path '${this.#print(path)}' is too large at ${size} bytes; limit is ${maxClosureSizeBytes} bytes`,
    );
  }

  #checkAllowed(list: readonly string[], used: readonly StorePath[]): void {
    const allowed = this.#specified(list);
    this.#refuse(used.filter((path) => !allowed.has(path.baseName)));
  }

  #checkDisallowed(list: readonly string[], used: readonly StorePath[]): void {
    const forbidden = this.#specified(list);
    this.#refuse(used.filter((path) => forbidden.has(path.baseName)));
  }

  #refuse(bad: readonly StorePath[]): void {
    if (bad.length === 0) return;
    const list = bad.map((path) => `\n  ${this.#print(path)}`).join('');
    throw rejected(
      'forbidden-reference',
      `output '${this.#print(this.#info.path)}' is not allowed to refer to the following paths:${list}`,
    );
  }

  /** Base names for a list of store paths and output names. */
  #specified(list: readonly string[]): Set<string> {
    const { storeDir, outputs, drvPath } = this.#context;
    return new Set(
      list.map((word) => {
        if (word.startsWith('/')) return parseStorePath(storeDir, word).baseName;
        const output = outputs.get(word);
        if (output) return output.path.baseName;
        throw rejected(
          'unknown-output',
          `derivation '${drvPath}' output check for '${this.#name}' contains output name '${word}', but this is not a ` +
            `valid output of this derivation. (Valid outputs are [${[...outputs.keys()].join(', ')}].)`,
        );
      }),
    );
  }

  #requisites(): StorePath[] {
    const own = this.#info.path;
    const all = this.#closure().map((info) => info.path);
    return this.#checks.ignoreSelfReferences ? all.filter((path) => !path.equals(own)) : all;
  }

  /** The closure of the output, through its siblings, which may not be registered yet. */
  #closure(): PathInfo[] {
    const siblings = new Map([...this.#context.outputs.values()].map((info) => [info.path.baseName, info]));
    const found = new Map<string, PathInfo>();
    const pending = [this.#info.path];
    for (let path = pending.pop(); path; path = pending.pop()) {
      if (found.has(path.baseName)) continue;
      const info = siblings.get(path.baseName) ?? this.#context.closures.info(path);
      found.set(path.baseName, info);
      pending.push(...info.references);
    }
    return [...found.values()].sort((a, b) => (a.path.baseName < b.path.baseName ? -1 : 1));
  }
}
