/**
 * Source positions. A position is kept as (source, byte offset) and only turned into line and column when
 * somebody prints it, so that the evaluator can attach one to every node for free.
 *
 * Source text is a *byte string*: a JavaScript string whose characters are bytes (0..255). Columns count
 * bytes, as C++ Nix does.
 */

/** Where a source text came from. `path` is an absolute path as a byte string. */
export type SourceOrigin =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'string'; readonly basePath: string }
  | { readonly kind: 'stdin'; readonly basePath: string };

/** One parsed text with a lazily built table of line starts. */
export class SourceFile {
  readonly origin: SourceOrigin;
  /** The text; a loader function lets cached ASTs read the file only when an error needs it. */
  #text: string | (() => string);
  #lineStarts: number[] | undefined;

  constructor(origin: SourceOrigin, text: string | (() => string)) {
    this.origin = origin;
    this.#text = text;
  }

  /** The whole text as a byte string. */
  get text(): string {
    if (typeof this.#text === 'function') this.#text = this.#text();
    return this.#text;
  }

  /** How errors name this source: the path, `«string»` or `«stdin»` (bytes, UTF-8 encoded). */
  get displayName(): string {
    switch (this.origin.kind) {
      case 'path':
        return this.origin.path;
      case 'string':
        return '\u00c2\u00abstring\u00c2\u00bb';
      case 'stdin':
        return '\u00c2\u00abstdin\u00c2\u00bb';
    }
  }

  /** Line and column (both from 1, column in bytes) of a byte offset. LF, CR LF and lone CR end lines, as in C++ Nix. */
  lineColumn(offset: number): { line: number; column: number } {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low] + 1 };
  }

  /** The text of line `line` (from 1) without its line end; `undefined` past the end. */
  line(line: number): string | undefined {
    const starts = this.#starts();
    if (line < 1 || line > starts.length) return undefined;
    const end = line < starts.length ? starts[line] : this.text.length;
    return this.text.slice(starts[line - 1], end).replace(/[\r\n]+$/, '');
  }

  #starts(): number[] {
    if (this.#lineStarts) return this.#lineStarts;
    const starts = [0];
    const text = this.text;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
    }
    this.#lineStarts = starts;
    return starts;
  }
}

/** A place in a source text. */
export interface Position {
  readonly source: SourceFile;
  /** Byte offset from 0. */
  readonly offset: number;
}
