/** Fetches inputs of every kind into the store and says what came of them. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import { formatHash, makeFixedOutputPath, type StorePath, tryParseStorePath } from '../formats/index.ts';
import {
  attrsToJson,
  Input,
  type InputAttrs,
  narHashOf,
  narHashText,
  parseUrl,
  requiredStringAttr,
  revisionOf,
} from '../inputs/index.ts';
import { nodeHasher } from '../store/index.ts';
import { type FetchContext, type FetchedTree, narHash, printPath } from './fetch-context.ts';
import { checkNarHash, downloadFile, downloadTree } from './fetch-file.ts';
import { fetchForge } from './fetch-forge.ts';
import { fetchGit } from './fetch-git.ts';
import { fetchMercurial } from './fetch-mercurial.ts';
import { latestChange } from './latest-change.ts';
import { lookUp, notInRegistries, type Registry, type RegistryEntry, readRegistry } from './registries.ts';

export interface RegistryPlaces {
  /** Entries given on the command line. */
  readonly flags: readonly RegistryEntry[];
  readonly userFile: string;
  readonly systemFile: string;
  /** File or URL; empty for none. */
  readonly global: string;
}

export type RegistryUse = 'none' | 'limited' | 'all';

export interface FetchedInput extends FetchedTree {
  /** What the registries made of the input, with the directory that they named. */
  readonly resolved: Input;
  readonly dir: string | undefined;
}

export class InputFetcher {
  readonly #context: FetchContext;
  readonly #places: RegistryPlaces;
  #local: readonly Registry[] | undefined;
  #global: Promise<RegistryEntry[]> | undefined;

  constructor(context: FetchContext, places: RegistryPlaces) {
    this.#context = context;
    this.#places = places;
  }

  /**
   * Fetches an input; afterwards its store path is valid and kept.
   *
   * @throws NixError when it is not there, or is not what its attributes promise (exit status 102)
   */
  async fetch(attrs: InputAttrs, registries: RegistryUse): Promise<FetchedInput> {
    const asked = Input.fromAttrs(attrs, this.#context.features);
    const { input, dir } = await this.#resolve(asked, registries);
    const present = await this.#alreadyThere(input);
    if (present) return { path: present, attrs: input.attrs, resolved: input, dir };
    const { path, attrs: found } = await this.#fetchDirect(input);
    const complete = { ...found, narHash: formatHash(narHash(this.#context, path), 'sri', true) };
    return { path, attrs: this.#confirm(input, complete), resolved: input, dir };
  }

  async #resolve(input: Input, use: RegistryUse) {
    if (use === 'none') return { input, dir: undefined };
    this.#local ??= this.#readLocal();
    const local = this.#local.filter(({ kind }) => use === 'all' || kind === 'flag');
    const found = lookUp(input, local);
    if (found.input.isDirect) return found;
    // Only now the global one, which may have to be downloaded.
    this.#global ??= this.#readGlobal();
    const last = lookUp(found.input, [...local, { kind: 'global', entries: await this.#global }]);
    if (last.input.isDirect) return last;
    throw notInRegistries(last.input);
  }

  #readLocal(): readonly Registry[] {
    const { flags, userFile, systemFile } = this.#places;
    return [
      { kind: 'flag', entries: flags },
      { kind: 'user', entries: this.#readFile(userFile) },
      { kind: 'system', entries: this.#readFile(systemFile) },
    ];
  }

  #readFile(file: string): RegistryEntry[] {
    return readRegistry(file, this.#context.features, (message) => this.#context.warn(message));
  }

  async #readGlobal(): Promise<RegistryEntry[]> {
    const { global } = this.#places;
    if (global === '') return [];
    if (global.startsWith('/')) return this.#readFile(global);
    try {
      const path = await downloadFile(this.#context, global, 'flake-registry.json');
      return this.#readFile(this.#context.store.toRealPath(path));
    } catch (error) {
      if (!(error instanceof NixError)) throw error;
      this.#context.warn(`cannot read the global flake registry: ${error.message}`);
      return [];
    }
  }

  /** The tree of a lock file's entry, when the store has it: nothing need be fetched then. */
  async #alreadyThere(input: Input): Promise<StorePath | undefined> {
    const hash = narHashOf(input.attrs);
    if (!input.isFinal || hash === undefined) return undefined;
    const { store } = this.#context;
    const context = { storeDir: store.storeDir, hasher: nodeHasher };
    const path = makeFixedOutputPath(context, input.name, 'nar', hash);
    await store.addTempRoot(path);
    return store.isValidPath(path) ? path : undefined;
  }

  async #fetchDirect(input: Input): Promise<FetchedTree> {
    const context = this.#context;
    switch (input.type) {
      case 'path':
        return this.#fetchPath(input);
      case 'git':
        return fetchGit(context, input);
      case 'hg':
        return fetchMercurial(context, input);
      case 'file':
        return this.#fetchFile(input);
      case 'tarball':
        return this.#fetchTarball(input);
      case 'github':
      case 'gitlab':
      case 'sourcehut':
        return fetchForge(context, input);
      case 'indirect':
        throw new NixError(`indirect input '${input}' cannot be fetched directly`);
      default:
        throw new NixError(`cannot fetch unsupported input '${attrsToJson(input.attrs)}'`);
    }
  }

  /** A file as a tree: addressed by its NAR like all inputs. */
  async #fetchFile(input: Input): Promise<FetchedTree> {
    const { store } = this.#context;
    const file = await downloadFile(this.#context, requiredStringAttr(input.attrs, 'url'), input.name);
    return { path: await store.addPath(input.name, store.toRealPath(file)), attrs: input.attrs };
  }

  async #fetchTarball(input: Input): Promise<FetchedTree> {
    const url = requiredStringAttr(input.attrs, 'url');
    const tree = await downloadTree(this.#context, url, input.name);
    let { attrs } = input;
    if (tree.immutableUrl !== undefined) {
      const immutable = Input.fromUrl(parseUrl(tree.immutableUrl), this.#context.features);
      if (immutable.type !== 'tarball')
        throw new NixError("tarball 'Link' headers that redirect to non-tarball URLs are not supported");
      attrs = immutable.attrs;
    }
    if (tree.lastModified !== 0 && attrs['lastModified'] === undefined)
      attrs = { ...attrs, lastModified: tree.lastModified };
    return { path: tree.path, attrs };
  }

  async #fetchPath(input: Input): Promise<FetchedTree> {
    const { store } = this.#context;
    const text = requiredStringAttr(input.attrs, 'path');
    if (!text.startsWith('/'))
      throw new NixError(`cannot fetch input '${input}' because it uses a relative path`);
    const present = tryParseStorePath(store.storeDir, text);
    const lastModified = (mtime: number) => ({ lastModified: mtime, ...input.attrs });
    if (present?.name === 'source' && store.isValidPath(present)) {
      await store.addTempRoot(present);
      return { path: present, attrs: lastModified(0) };
    }
    const real = this.#context.toRealPath(decodeBytes(text));
    if (!lstatSync(real, { throwIfNoEntry: false })) throw new NixError(`path '${text}' does not exist`);
    const mtime = latestChange(join(real));
    return { path: await store.addPath('source', real), attrs: lastModified(mtime) };
  }

  /** What fetching found out, after comparing it with what was promised. */
  #confirm(input: Input, found: InputAttrs): InputAttrs {
    const promised = input.attrs;
    if (input.isFinal) {
      for (const [name, value] of Object.entries(promised)) {
        const actual = name === 'narHash' ? narHashText(found) : found[name];
        const wanted = name === 'narHash' ? narHashText(promised) : value;
        if (name === '__final' || actual === undefined || actual === wanted) continue;
        throw new NixError(
          `mismatch in field '${name}' of input '${attrsToJson(promised)}', got '${attrsToJson(found)}'`,
        );
      }
      return promised;
    }
    const wanted = narHashText(promised);
    if (wanted !== undefined && wanted !== found['narHash']) {
      throw new NixError(
        `NAR hash mismatch in input '${input}', expected '${wanted}' but got '${found['narHash']}'`,
        { code: 'hash-mismatch', exitStatus: 102 },
      );
    }
    const rev = revisionOf(promised);
    if (rev !== undefined && revisionOf(found) !== rev)
      throw new NixError(`'rev' attribute mismatch in input '${input.with(found)}', expected ${rev}`);
    return found;
  }

  /** A file or tree by URL, for `fetchurl` and `fetchTarball`; a present path with the wanted hash is not fetched. */
  async fetchUrl(
    kind: 'url' | 'tarball',
    url: string,
    name: string,
    sha256: Uint8Array | undefined,
  ): Promise<StorePath> {
    const context = this.#context;
    const hash = sha256 && ({ algorithm: 'sha256', digest: sha256 } as const);
    if (hash) {
      const method = kind === 'url' ? 'flat' : 'nar';
      const paths = { storeDir: context.store.storeDir, hasher: nodeHasher };
      const expected = makeFixedOutputPath(paths, name, method, hash);
      await context.store.addTempRoot(expected);
      if (context.store.isValidPath(expected)) return expected;
    }
    if (kind === 'url') {
      const path = await downloadFile(context, url, name);
      if (hash) await this.#checkFile(path, url, hash);
      return path;
    }
    const { path } = await downloadTree(context, url, name);
    if (hash) {
      const wanted = formatHash(hash, 'sri', true);
      const input = Input.fromAttrs({ type: 'tarball', url, narHash: wanted }, context.features);
      checkNarHash(context, path, wanted, input.toString());
    }
    return path;
  }

  async #checkFile(path: StorePath, url: string, wanted: { algorithm: 'sha256'; digest: Uint8Array }) {
    const context = { storeDir: this.#context.store.storeDir, hasher: nodeHasher };
    const expected = makeFixedOutputPath(context, path.name, 'flat', wanted);
    if (expected.equals(path)) return;
    const actual = this.#context.store.queryPathInfo(path)?.contentAddress;
    throw new NixError(
      `hash mismatch in file downloaded from '${url}':\n  specified: ${formatHash(wanted, 'nix32', true)}\n  got:       ${actual ? formatHash(actual.hash, 'nix32', true) : 'unknown'}`,
      { code: 'hash-mismatch', exitStatus: 102 },
    );
  }

  printPath(path: StorePath): string {
    return printPath(this.#context, path);
  }
}
