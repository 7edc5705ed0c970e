/**
 * Whole trees in memory to and from NARs: for small things (a text file's NAR hash, the browser, tests). Large ones
 * go through `NarReader` and `NarWriter` directly.
 */
import { compareByteStrings } from './bytes.ts';
import type { NarEvent } from './nar-format.ts';
import { NarReader } from './nar-reader.ts';
import { NarWriter } from './nar-writer.ts';

/** A file tree. Entry names and link targets are byte strings. */
export type NarNode =
  | { readonly kind: 'file'; readonly executable: boolean; readonly contents: Uint8Array }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'directory'; readonly entries: ReadonlyMap<string, NarNode> };

/**
 * The NAR of a tree.
 *
 * @throws NixError `cannot-archive`
 */
export function formatNar(node: NarNode): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new NarWriter((chunk) => chunks.push(chunk.slice()));
  writeNode(writer, node);
  writer.end();
  const result = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}

/**
 * The tree in a NAR.
 *
 * @throws NixError `bad-archive`
 */
export function parseNar(bytes: Uint8Array): NarNode {
  const reader = new NarReader();
  const builder = new TreeBuilder();
  for (const event of reader.push(bytes)) builder.add(event);
  reader.end();
  return builder.root!;
}

/** The recursion is bounded: the writer refuses more than 64 levels. */
function writeNode(writer: NarWriter, node: NarNode): void {
  if (node.kind === 'symlink') writer.symlink(node.target);
  else if (node.kind === 'file') {
    writer.file(node.contents.length, node.executable);
    writer.contents(node.contents);
    writer.endFile(node.contents.length);
  } else {
    writer.directory();
    for (const name of [...node.entries.keys()].sort(compareByteStrings)) {
      writer.entry(name);
      writeNode(writer, node.entries.get(name)!);
    }
    writer.endDirectory();
  }
}

class TreeBuilder {
  root: NarNode | undefined;
  readonly #open: Map<string, NarNode>[] = [];
  #file: { contents: Uint8Array; used: number } | undefined;

  #name = '';
  #executable = false;

  add(event: NarEvent): void {
    if (event.kind === 'contents') this.#append(event.bytes);
    else if (event.kind === 'end') this.#end();
    else if (event.kind === 'symlink') this.#place(event.name, { kind: 'symlink', target: event.target });
    else if (event.kind === 'directory') {
      const entries = new Map<string, NarNode>();
      this.#place(event.name, { kind: 'directory', entries });
      this.#open.push(entries);
    } else {
      // The announced size is not trusted with memory before the bytes are there.
      this.#file = { contents: new Uint8Array(Math.min(event.sizeBytes, 0x10000)), used: 0 };
      this.#name = event.name;
      this.#executable = event.executable;
    }
  }

  #append(bytes: Uint8Array): void {
    const file = this.#file!;
    if (file.used + bytes.length > file.contents.length) {
      const larger = new Uint8Array(Math.max(file.contents.length * 2, file.used + bytes.length));
      larger.set(file.contents);
      file.contents = larger;
    }
    file.contents.set(bytes, file.used);
    file.used += bytes.length;
  }

  #end(): void {
    if (this.#file === undefined) {
      this.#open.pop();
      return;
    }
    const contents = this.#file.contents.slice(0, this.#file.used);
    this.#file = undefined;
    this.#place(this.#name, { kind: 'file', executable: this.#executable, contents });
  }

  #place(name: string, node: NarNode): void {
    const parent = this.#open.at(-1);
    if (parent) parent.set(name, node);
    else this.root = node;
  }
}
