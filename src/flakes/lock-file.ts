/**
 * Lock files: the graph of a flake's inputs, each with what it was asked for and what that was locked to. An edge leads
 * to a node, or *follows* a path of names from the root. Written as C++ Nix does (version 7): keys in byte order, two
 * blanks of indentation, nodes named after the input that first led to them.
 */
import { NixError } from '../diagnostics/index.ts';
import { attrsFromJson, attrsToJson, equalAttrs, FlakeRef, type InputAttrs } from '../inputs/index.ts';

/** A path of input names; the empty one is the flake itself. */
export type InputPath = readonly string[];
export type Edge = LockNode | InputPath;

/** What an input was locked to. */
export interface Locked {
  readonly locked: FlakeRef;
  readonly original: FlakeRef;
  readonly isFlake: boolean;
  /** For a relative `path:` input: the input whose tree it is in. */
  readonly parent: InputPath | undefined;
}

/** A node; the root has no `lock`. Inputs are added while a lock file is computed. */
export class LockNode {
  readonly lock: Locked | undefined;
  readonly inputs = new Map<string, Edge>();

  constructor(lock?: Locked) {
    this.lock = lock;
  }

  /** In byte order of the names. */
  sortedInputs(): [name: string, edge: Edge][] {
    return [...this.inputs].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

export function printInputPath(path: InputPath): string {
  return path.join('/');
}

/** @throws NixError for an element that is no name */
export function parseInputPath(text: string): InputPath {
  const path = text.split('/').filter((element) => element !== '');
  for (const element of path) {
    if (!/^[a-zA-Z][a-zA-Z0-9_-]*$/.test(element))
      throw new NixError(`invalid flake input attribute path element '${element}'`);
  }
  return path;
}

interface JsonNode {
  readonly inputs?: Readonly<Record<string, string | string[]>>;
  readonly locked?: unknown;
  readonly info?: unknown;
  readonly original?: unknown;
  readonly flake?: boolean;
  readonly parent?: string[];
}

export class LockFile {
  readonly root: LockNode;

  constructor(root = new LockNode()) {
    this.root = root;
  }

  /**
   * Reads a lock file (versions 5 to 7; byte string).
   *
   * @throws NixError when it is damaged, or holds an input that is not locked
   */
  static parse(
    text: string,
    where: string,
    features: ReadonlySet<string>,
    warn: (message: string) => void,
  ): LockFile {
    const json = parseJson(text, where);
    const version = typeof json['version'] === 'number' ? json['version'] : 0;
    if (version < 5 || version > 7)
      throw new NixError(`lock file '${where}' has unsupported version ${version}`);
    return new LockFile(new Reader(json, features, warn).read());
  }

  /** The node that a path leads to; `undefined` when there is none. @throws NixError when follows go in a circle */
  find(path: InputPath, visited: readonly string[] = []): LockNode | undefined {
    const key = printInputPath(path);
    if (visited.includes(key)) {
      const cycle = [...visited.slice(visited.indexOf(key)), key];
      throw new NixError(`follow cycle detected: [${cycle.join(' -> ')}]`);
    }
    let node = this.root;
    for (const name of path) {
      const edge = node.inputs.get(name);
      const next = edge instanceof LockNode ? edge : edge && this.find(edge, [...visited, key]);
      if (next === undefined) return undefined;
      node = next;
    }
    return node;
  }

  /** Every input by its path, in order. */
  allInputs(): Map<string, { path: InputPath; edge: Edge }> {
    const result = new Map<string, { path: InputPath; edge: Edge }>();
    const done = new Set<LockNode>();
    const visit = (prefix: InputPath, node: LockNode): void => {
      if (done.has(node)) return;
      done.add(node);
      for (const [name, edge] of node.sortedInputs()) {
        const path = [...prefix, name];
        result.set(path.join('\0'), { path, edge });
        if (edge instanceof LockNode) visit(path, edge);
      }
    };
    visit([], this.root);
    return result;
  }

  /** @throws NixError when an input follows one that is not there */
  check(): void {
    for (const { path, edge } of this.allInputs().values()) {
      if (edge instanceof LockNode || edge.length === 0 || this.find(edge)) continue;
      throw new NixError(
        `input '${printInputPath(path)}' follows a non-existent input '${printInputPath(edge)}'`,
      );
    }
  }

  /** The first input, if any, whose content is not fixed by the lock file. */
  unlocked(): FlakeRef | undefined {
    for (const { edge } of this.allInputs().values()) {
      if (!(edge instanceof LockNode) || !edge.lock) continue;
      const { input } = edge.lock.locked;
      if (!input.isLocked && input.relativePath === undefined) return edge.lock.locked;
    }
    return undefined;
  }

  /** The names that nodes have in the text, and the text without a newline at the end. */
  print(): { text: string; keys: ReadonlyMap<LockNode, string> } {
    const writer = new Writer();
    const root = writer.add('root', this.root);
    const json = { nodes: sortKeys(writer.nodes), root, version: 7 };
    return { text: JSON.stringify(json, null, 2), keys: writer.keys };
  }

  equals(other: LockFile): boolean {
    return this.print().text === other.print().text;
  }
}

function parseJson(text: string, where: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new NixError(`cannot parse '${where}': ${(error as Error).message}`, {
      code: 'lock-file',
      cause: error,
      hint: 'it is to be JSON, as written by Nix; take it from version control, or delete it to make a new one',
    });
  }
}

class Reader {
  readonly #nodes: Readonly<Record<string, JsonNode>>;
  readonly #rootKey: string;
  readonly #features: ReadonlySet<string>;
  readonly #warn: (message: string) => void;
  readonly #known = new Map<string, LockNode>();

  constructor(json: Record<string, unknown>, features: ReadonlySet<string>, warn: (message: string) => void) {
    this.#nodes = (json['nodes'] ?? {}) as Readonly<Record<string, JsonNode>>;
    this.#rootKey = String(json['root']);
    this.#features = features;
    this.#warn = warn;
  }

  read(): LockNode {
    const root = new LockNode();
    this.#known.set(this.#rootKey, root);
    this.#readInputs(root, this.#nodes[this.#rootKey] ?? {});
    return root;
  }

  #readInputs(node: LockNode, json: JsonNode): void {
    for (const [name, edge] of Object.entries(json.inputs ?? {}))
      node.inputs.set(name, Array.isArray(edge) ? edge.map(String) : this.#node(edge));
  }

  #node(key: string): LockNode {
    if (key === this.#rootKey) throw new NixError('lock file contains cycle to root node');
    const known = this.#known.get(key);
    if (known) return known;
    const json = Object.hasOwn(this.#nodes, key) ? this.#nodes[key] : undefined;
    if (json === undefined) throw new NixError(`lock file references missing node '${key}'`);
    const node = new LockNode(this.#locked(json));
    this.#known.set(key, node);
    this.#readInputs(node, json);
    return node;
  }

  #locked(json: JsonNode): Locked {
    const ref = (value: unknown, name: string, more: unknown = {}): FlakeRef => {
      if (value === undefined) throw new NixError(`attribute '${name}' missing in lock file`);
      return FlakeRef.fromAttrs({ ...attrsFromJson(value), ...attrsFromJson(more) }, this.#features);
    };
    const locked = ref(json.locked, 'locked', json.info ?? {});
    this.#checkLocked(locked);
    return {
      locked: new FlakeRef(locked.input.with({ __final: true }), locked.subdir),
      original: ref(json.original, 'original'),
      isFlake: json.flake ?? true,
      parent: json.parent,
    };
  }

  #checkLocked(ref: FlakeRef): void {
    if (ref.input.isLocked || ref.input.relativePath !== undefined) return;
    if (ref.input.attrs['narHash'] === undefined) {
      throw new NixError(
        `Lock file contains unlocked input '${attrsToJson(ref.input.attrs)}'. Use '--allow-dirty-locks' to accept this lock file.`,
      );
    }
    this.#warn(
      `Lock file entry '${ref}' is unlocked (e.g. lacks a Git revision) but is checked by NAR hash. This is not reproducible and will break after garbage collection or when shared.`,
    );
  }
}

class Writer {
  readonly nodes: Record<string, unknown> = {};
  readonly keys = new Map<LockNode, string>();
  readonly #taken = new Set<string>();

  /** The key of a node; a node met for the first time is written, and all below it. */
  add(name: string, node: LockNode): string {
    const known = this.keys.get(node);
    if (known !== undefined) return known;
    let key = name;
    for (let n = 2; this.#taken.has(key); n++) key = `${name}_${n}`;
    this.#taken.add(key);
    this.keys.set(node, key);
    const inputs: Record<string, unknown> = {};
    for (const [id, edge] of node.sortedInputs())
      inputs[id] = edge instanceof LockNode ? this.add(id, edge) : edge;
    this.nodes[key] = this.#describe(node, inputs);
    return key;
  }

  #describe({ lock }: LockNode, inputs: Record<string, unknown>): Record<string, unknown> {
    const json: Record<string, unknown> = {};
    if (lock && !lock.isFlake) json['flake'] = false;
    if (Object.keys(inputs).length > 0) json['inputs'] = inputs;
    if (!lock) return json;
    json['locked'] = sortKeys(refJson(lock.locked));
    json['original'] = sortKeys(refJson(lock.original));
    if (lock.parent !== undefined) json['parent'] = lock.parent;
    return json;
  }
}

function refJson(ref: FlakeRef): InputAttrs {
  const { __final, ...attrs } = ref.toAttrs();
  return attrs;
}

/** JavaScript would put names that are numbers first; no input can have such a name, so that inserting in order is enough. */
function sortKeys<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What changed from one lock file to another, as lines to be shown. */
export function diffLocks(before: LockFile, after: LockFile): string {
  const [old, fresh] = [before.allInputs(), after.allInputs()];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  let text = '';
  for (const key of keys) {
    const [was, is] = [old.get(key), fresh.get(key)];
    const name = printInputPath((is ?? was)!.path);
    if (was === undefined) text += `• Added input '${name}':\n    ${describeEdge(is!.edge)}\n`;
    else if (is === undefined) text += `• Removed input '${name}'\n`;
    else if (!sameEdge(was.edge, is.edge))
      text += `• Updated input '${name}':\n    ${describeEdge(was.edge)}\n  → ${describeEdge(is.edge)}\n`;
  }
  return text;
}

function sameEdge(a: Edge, b: Edge): boolean {
  if (a instanceof LockNode || b instanceof LockNode) {
    if (!(a instanceof LockNode && b instanceof LockNode && a.lock && b.lock)) return false;
    return equalAttrs(refJson(a.lock.locked), refJson(b.lock.locked));
  }
  return printInputPath(a) === printInputPath(b);
}

function describeEdge(edge: Edge): string {
  if (!(edge instanceof LockNode)) return `follows '${printInputPath(edge)}'`;
  const { locked } = edge.lock!;
  const time = locked.input.attrs['lastModified'];
  const date = typeof time === 'number' ? ` (${new Date(time * 1000).toISOString().slice(0, 10)})` : '';
  return `'${locked}'${date}`;
}
