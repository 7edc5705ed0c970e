/**
 * The environment and the files that a builder finds: the derivation's attributes, and what C++ Nix adds. Later
 * entries of `buildEnvironment` replace earlier ones, so a derivation can set `PATH` but not `TMPDIR`.
 */
import { availableParallelism } from 'node:os';
import { encodeBytes } from '../diagnostics/index.ts';
import { type Derivation, formatNix32, hashPlaceholder } from '../formats/index.ts';
import { nodeHasher } from '../store/index.ts';
import type { ClosureFinder } from './closure.ts';
import type { DerivationOptions } from './derivation-options.ts';
import type { JsonValue } from './exact-json.ts';
import type { BuildSettings } from './settings.ts';
import { structuredAttrsFiles } from './structured-attrs.ts';

/** Byte strings throughout; files are relative to the build directory. */
export interface BuildEnvironment {
  readonly variables: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, string>;
  readonly args: readonly string[];
}

export interface EnvironmentRequest {
  readonly derivation: Derivation;
  readonly options: DerivationOptions;
  readonly settings: BuildSettings;
  readonly storeDir: string;
  /** Where the builder finds its build directory. */
  readonly buildDirectory: string;
  readonly fixedOutput: boolean;
  /** Base names of the input closure. */
  readonly inputs: ReadonlySet<string>;
  readonly closures: ClosureFinder;
}

/** Everything the builder is given. Reads the store for exported closures; writes nothing. */
export function buildEnvironment(request: EnvironmentRequest): BuildEnvironment {
  const { derivation, options, settings, buildDirectory } = request;
  const variables = new Map<string, string>([
    ['PATH', '/path-not-set'],
    ['HOME', '/homeless-shelter'],
    ['NIX_STORE', request.storeDir],
    ['NIX_BUILD_CORES', String(settings.cores === 0 ? availableParallelism() : settings.cores)],
  ]);
  const files = new Map<string, string>();
  const addFile = (variable: string, name: string, content: string) => {
    files.set(name, content);
    variables.set(variable, `${buildDirectory}/${name}`);
  };
  if (options.structuredAttrs) addStructuredAttrs(request, addFile);
  else {
    for (const [name, value] of derivation.env) {
      if (options.passAsFile.has(name))
        addFile(`${name}Path`, `.attr-${formatNix32(nodeHasher('sha256', name))}`, value);
      else variables.set(name, value);
    }
    for (const [name, roots] of options.exportReferencesGraph) {
      files.set(name, request.closures.registration(request.closures.exported(roots, request.inputs)));
    }
  }
  addFixedVariables(variables, request);
  return rewritePlaceholders({ variables, files, args: derivation.args }, derivation);
}

function addStructuredAttrs(
  request: EnvironmentRequest,
  addFile: (variable: string, name: string, content: string) => void,
) {
  const { options, derivation, closures } = request;
  const outputs = new Map<string, JsonValue>();
  for (const name of derivation.outputs.keys()) outputs.set(name, hashPlaceholder(nodeHasher, name));
  const attributes = new Map<string, JsonValue>([...options.structuredAttrs!, ['outputs', outputs]]);
  for (const [name, roots] of options.exportReferencesGraph) {
    attributes.set(name, closures.description(closures.exported(roots, request.inputs)));
  }
  const { json, shell } = structuredAttrsFiles(attributes);
  addFile('NIX_ATTRS_SH_FILE', '.attrs.sh', shell);
  addFile('NIX_ATTRS_JSON_FILE', '.attrs.json', json);
}

function addFixedVariables(variables: Map<string, string>, request: EnvironmentRequest): void {
  const { buildDirectory, options, settings } = request;
  for (const name of ['NIX_BUILD_TOP', 'TMPDIR', 'TEMPDIR', 'TMP', 'TEMP', 'PWD'])
    variables.set(name, buildDirectory);
  if (request.fixedOutput) {
    variables.set('NIX_OUTPUT_CHECKED', '1');
    for (const name of options.impureEnvVars)
      variables.set(name, encodeBytes(settings.impureEnvironment[name] ?? ''));
  }
  variables.set('NIX_LOG_FD', '2');
  variables.set('TERM', 'xterm-256color');
}

/** `builtins.placeholder`: output paths in the place of what stood for them during evaluation. */
function rewritePlaceholders(environment: BuildEnvironment, derivation: Derivation): BuildEnvironment {
  const rewrites = [...derivation.outputs].map(
    ([name, output]) => [hashPlaceholder(nodeHasher, name), output.path] as const,
  );
  const rewrite = (text: string) =>
    rewrites.reduce((result, [from, to]) => result.replaceAll(from, to), text);
  const rewriteValues = (map: ReadonlyMap<string, string>) =>
    new Map([...map].map(([name, value]) => [name, rewrite(value)] as const));
  return {
    variables: rewriteValues(environment.variables),
    files: rewriteValues(environment.files),
    args: environment.args.map(rewrite),
  };
}
