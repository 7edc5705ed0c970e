/**
 * The table of contents of a NAR (`.ls` files of binary caches, `nix nar ls --json`): every node with type, size,
 * and where a file's contents start, so that one file can be fetched by a range request.
 */
import { decodeBytes } from '../diagnostics/index.ts';
import type { NarEvent } from './nar-format.ts';

export type NarListing =
  | {
      readonly type: 'regular';
      readonly size: number;
      readonly executable?: true;
      readonly narOffset: number;
    }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'directory'; readonly entries: { [name: string]: NarListing } };

/** Collects a listing from a reader's events. Names become Unicode text: the result is meant for JSON. */
export class NarListingBuilder {
  #root: NarListing | undefined;
  readonly #open: ({ [name: string]: NarListing } | undefined)[] = [];

  /** Takes the next event. */
  add(event: NarEvent): void {
    if (event.kind === 'contents') return;
    if (event.kind === 'end') {
      this.#open.pop();
      return;
    }
    let node: NarListing;
    let entries: { [name: string]: NarListing } | undefined;
    if (event.kind === 'symlink') node = { type: 'symlink', target: decodeBytes(event.target) };
    else if (event.kind === 'directory') {
      entries = Object.create(null) as { [name: string]: NarListing };
      node = { type: 'directory', entries };
    } else {
      const executable = event.executable ? ({ executable: true } as const) : {};
      node = { type: 'regular', size: event.sizeBytes, ...executable, narOffset: event.narOffset };
    }
    const parent = this.#open.at(-1);
    if (parent) parent[decodeBytes(event.name)] = node;
    else this.#root = node;
    if (event.kind !== 'symlink') this.#open.push(entries);
  }

  /** The `.ls` document: `{ version = 1; root = …; }`. Call when the archive is complete. */
  document(): { version: 1; root: NarListing } {
    return { version: 1, root: this.#root! };
  }
}
