/**
 * Stripping the indentation of `''` strings. The least indentation of all lines that are not blank is taken off
 * every line; only spaces count. Escapes and interpolations end a line's indentation but never carry any. The
 * last line does not count when it is blank, and is dropped.
 */
import type { Expr } from './ast.ts';

/** A piece of an indented string: literal text (`indented` when it may carry indentation) or an interpolation. */
export interface IndentedPart {
  readonly pos: number;
  readonly text: string;
  readonly indented: boolean;
  readonly expr: Expr | undefined;
}

/** The parts with the indentation removed, empty texts left out. */
export function stripIndentation(parts: readonly IndentedPart[]): IndentedPart[] {
  const least = leastIndentation(parts);
  const result: IndentedPart[] = [];
  const state = { atLineStart: true, dropped: 0 };
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part.expr) {
      state.atLineStart = false;
      state.dropped = 0;
      result.push(part);
      continue;
    }
    let text = stripText(part.text, least, state);
    if (i === parts.length - 1) text = withoutBlankLastLine(text);
    if (text !== '') result.push({ ...part, text });
  }
  return result;
}

function leastIndentation(parts: readonly IndentedPart[]): number {
  let least = 1000000;
  let current = 0;
  let atLineStart = true;
  for (const part of parts) {
    if (!part.indented) {
      if (atLineStart) least = Math.min(least, current);
      atLineStart = false;
      continue;
    }
    const text = part.text;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x0a) {
        atLineStart = true;
        current = 0;
      } else if (atLineStart) {
        if (c === 0x20) current++;
        else {
          atLineStart = false;
          least = Math.min(least, current);
        }
      }
      if (!atLineStart) {
        // Nothing of interest before the next line.
        const newline = text.indexOf('\n', i);
        if (newline < 0) break;
        i = newline - 1;
      }
    }
  }
  return least;
}

function stripText(text: string, least: number, state: { atLineStart: boolean; dropped: number }): string {
  let result = '';
  let chunk = 0;
  let i = 0;
  while (i < text.length) {
    if (!state.atLineStart) {
      const newline = text.indexOf('\n', i);
      if (newline < 0) break;
      state.atLineStart = true;
      i = newline + 1;
      continue;
    }
    const c = text.charCodeAt(i);
    if (c === 0x20) {
      if (state.dropped++ < least) {
        result += text.slice(chunk, i);
        chunk = i + 1;
      }
    } else {
      state.dropped = 0;
      if (c !== 0x0a) state.atLineStart = false;
    }
    i++;
  }
  return chunk === 0 ? text : result + text.slice(chunk);
}

function withoutBlankLastLine(text: string): string {
  const newline = text.lastIndexOf('\n');
  if (newline < 0) return text;
  for (let i = newline + 1; i < text.length; i++) {
    if (text.charCodeAt(i) !== 0x20) return text;
  }
  return text.slice(0, newline + 1);
}
