/**
 * What a derivation's attributes say about how it is to be built: output checks, files to pass, references to
 * export, features. They stand in the environment, or, with `__structuredAttrs`, in the JSON text of `__json`.
 * Names and meaning are C++ Nix's ("Advanced Attributes" in its manual).
 */
import { decodeBytes, encodeBytes } from '../diagnostics/index.ts';
import { type Derivation, STRUCTURED_ATTRS_VARIABLE } from '../formats/index.ts';
import { badDerivationAttribute } from './errors.ts';
import { type JsonObject, type JsonValue, parseJson } from './exact-json.ts';

/** Limits on one output; elements of the lists are printed store paths or output names. Byte strings. */
export interface OutputChecks {
  readonly allowedReferences?: readonly string[];
  readonly allowedRequisites?: readonly string[];
  readonly disallowedReferences: readonly string[];
  readonly disallowedRequisites: readonly string[];
  readonly maxSizeBytes?: number;
  readonly maxClosureSizeBytes?: number;
  /** Requisites without the path itself: how it was before structured attributes. */
  readonly ignoreSelfReferences: boolean;
}

export interface DerivationOptions {
  readonly structuredAttrs: JsonObject | undefined;
  /** Checks for one output. */
  readonly outputChecks: (outputName: string) => OutputChecks | undefined;
  readonly unsafeDiscardReferences: ReadonlySet<string>;
  readonly passAsFile: ReadonlySet<string>;
  /** File name (or attribute) -> printed paths whose closure is described there. */
  readonly exportReferencesGraph: ReadonlyMap<string, readonly string[]>;
  readonly noChroot: boolean;
  readonly impureEnvVars: readonly string[];
  /** Sorted, without duplicates. */
  readonly requiredSystemFeatures: readonly string[];
  readonly preferLocalBuild: boolean;
  readonly allowSubstitutes: boolean;
}

/**
 * Reads the options of a derivation. `drvPath` is for messages. Throws `NixError` with the attribute's name when
 * one has the wrong form.
 */
export function readDerivationOptions(derivation: Derivation, drvPath: string): DerivationOptions {
  const reader = new AttributeReader(derivation, drvPath);
  return {
    structuredAttrs: reader.structured,
    outputChecks: readOutputChecks(reader),
    unsafeDiscardReferences: readDiscards(reader),
    passAsFile: new Set(reader.structured ? [] : reader.words('passAsFile')),
    exportReferencesGraph: readReferencesGraph(reader),
    noChroot: reader.flag('__noChroot', false),
    impureEnvVars: reader.words('impureEnvVars') ?? [],
    requiredSystemFeatures: [...new Set(reader.words('requiredSystemFeatures') ?? [])].sort(),
    preferLocalBuild: reader.flag('preferLocalBuild', false),
    allowSubstitutes: reader.flag('allowSubstitutes', true),
  };
}

/** One attribute at a time, from the environment or from the structured attributes. */
class AttributeReader {
  readonly structured: JsonObject | undefined;
  readonly #env: ReadonlyMap<string, string>;
  readonly #drvPath: string;

  constructor(derivation: Derivation, drvPath: string) {
    this.#env = derivation.env;
    this.#drvPath = drvPath;
    const json = derivation.env.get(STRUCTURED_ATTRS_VARIABLE);
    if (json === undefined) return;
    const value = this.#parse(json);
    if (!isObject(value))
      throw this.bad(`cannot process ${STRUCTURED_ATTRS_VARIABLE} attribute: it is not an object`);
    this.structured = value;
  }

  bad(message: string) {
    return badDerivationAttribute(this.#drvPath, message);
  }

  variable(name: string): string | undefined {
    return this.#env.get(name);
  }

  words(name: string): string[] | undefined {
    if (!this.structured) {
      const text = this.#env.get(name);
      return text === undefined ? undefined : splitWords(text);
    }
    const value = this.structured.get(name);
    return value === undefined ? undefined : this.strings(value, name);
  }

  flag(name: string, fallback: boolean): boolean {
    if (!this.structured) {
      const text = this.#env.get(name);
      return text === undefined ? fallback : text === '1';
    }
    const value = this.structured.get(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') throw this.bad(`attribute '${name}' must be true or false`);
    return value;
  }

  strings(value: JsonValue, name: string): string[] {
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) {
      throw this.bad(`attribute '${name}' must be a list of strings`);
    }
    return value.map((each) => encodeBytes(each));
  }

  object(value: JsonValue, name: string): JsonObject {
    if (!isObject(value)) throw this.bad(`attribute '${name}' must be an attribute set`);
    return value;
  }

  #parse(json: string): JsonValue {
    try {
      return parseJson(decodeBytes(json));
    } catch (error) {
      throw this.bad(`cannot process ${STRUCTURED_ATTRS_VARIABLE} attribute: ${(error as Error).message}`);
    }
  }
}

const isObject = (value: JsonValue | undefined): value is JsonObject => value instanceof Map;

/** Words separated by spaces, tabs and newlines. */
export function splitWords(text: string): string[] {
  return text.split(/[ \t\n\r]+/).filter((word) => word !== '');
}

function readOutputChecks(reader: AttributeReader): DerivationOptions['outputChecks'] {
  if (!reader.structured) {
    const checks = checksFrom((name) => reader.words(name), true);
    return () => checks;
  }
  const all = new Map<string, OutputChecks>();
  const attribute = reader.structured.get('outputChecks');
  for (const [output, value] of attribute === undefined ? [] : reader.object(attribute, 'outputChecks')) {
    const object = reader.object(value, `outputChecks.${output}`);
    const list = (name: string) => {
      const each = object.get(name);
      return each === undefined ? undefined : reader.strings(each, `outputChecks.${output}.${name}`);
    };
    all.set(encodeBytes(output), {
      ...checksFrom(list, false),
      ...sizeLimit('maxSizeBytes', object.get('maxSize')),
      ...sizeLimit('maxClosureSizeBytes', object.get('maxClosureSize')),
    });
  }
  return (output) => all.get(output);
}

function checksFrom(
  list: (name: string) => string[] | undefined,
  ignoreSelfReferences: boolean,
): OutputChecks {
  const allowedReferences = list('allowedReferences');
  const allowedRequisites = list('allowedRequisites');
  return {
    ...(allowedReferences ? { allowedReferences } : {}),
    ...(allowedRequisites ? { allowedRequisites } : {}),
    disallowedReferences: list('disallowedReferences') ?? [],
    disallowedRequisites: list('disallowedRequisites') ?? [],
    ignoreSelfReferences,
  };
}

function sizeLimit(
  name: 'maxSizeBytes' | 'maxClosureSizeBytes',
  value: JsonValue | undefined,
): Partial<OutputChecks> {
  return value === undefined || value === null ? {} : { [name]: Number(value) };
}

function readDiscards(reader: AttributeReader): ReadonlySet<string> {
  const discards = new Set<string>();
  const attribute = reader.structured?.get('unsafeDiscardReferences');
  if (attribute === undefined) return discards;
  for (const [output, value] of reader.object(attribute, 'unsafeDiscardReferences')) {
    if (value === true) discards.add(encodeBytes(output));
  }
  return discards;
}

function readReferencesGraph(reader: AttributeReader): ReadonlyMap<string, readonly string[]> {
  const graph = new Map<string, readonly string[]>();
  if (reader.structured) {
    const attribute = reader.structured.get('exportReferencesGraph');
    if (!isObject(attribute)) return graph;
    for (const [name, value] of attribute) graph.set(name, flattenStrings(value, reader));
    return graph;
  }
  const words = splitWords(reader.variable('exportReferencesGraph') ?? '');
  if (words.length % 2 !== 0)
    throw reader.bad(`odd number of tokens in 'exportReferencesGraph': '${words.join(' ')}'`);
  for (let i = 0; i < words.length; i += 2) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(words[i])) {
      throw reader.bad(`invalid file name '${words[i]}' in 'exportReferencesGraph'`);
    }
    graph.set(words[i], [words[i + 1]]);
  }
  return graph;
}

function flattenStrings(value: JsonValue, reader: AttributeReader): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => flattenStrings(each, reader));
  if (typeof value === 'string') return [encodeBytes(value)];
  throw reader.bad("'exportReferencesGraph' value is not a list or a string");
}
