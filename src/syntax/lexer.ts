/**
 * The lexer: one token at a time, straight from the text, no token objects. Nix's tokens follow the
 * longest-match rule of its flex lexer, which is felt in odd places: `a/b` is a path, `a.b/c` too, `x:x` is a
 * URI, `1.` and `.5` are floats, `a.5` is `a` applied to `.5`, and `/` alone divides. Strings, indented strings
 * and paths with interpolation are scanned by the parser with the `scan…` methods, which work in their own mode
 * until the closing quote. Specification: the Nix manual's "Language" chapter; behaviour of C++ Nix 2.36.
 *
 * A NUL byte outside of strings ends the input, as in C++ Nix. A sentinel NUL is therefore appended.
 */
import type { SourceFile } from '../diagnostics/index.ts';
import { classes, Digit, IdPart, IdStart, PathChar, SchemeChar, StringStop, UriChar } from './chars.ts';
import { invalidFloat, invalidInteger, nullBytes, pipesDisabled } from './errors.ts';
import { hashStep, internName, keywordTokens, nameAt } from './names.ts';
import { Token } from './tokens.ts';

const keywordCount = keywordTokens.length;

export class Lexer {
  readonly source: SourceFile;
  /** The source with a NUL at its end. */
  readonly text: string;
  /** Length without the sentinel. */
  readonly length: number;
  readonly pipeOperators: boolean;

  /** The current token, where it begins and ends. */
  token: Token = Token.endOfFile;
  pos = 0;
  end = 0;
  /** End of the token before the current one. */
  previousEnd = 0;
  /** The identifier's name, when `token` is `identifier`. */
  name = '';
  /** The value, when `token` is `integer` or `float`. */
  number: number | bigint = 0;
  /** Offset of the doc comment right before the current token, or -1. */
  docPos = -1;

  constructor(source: SourceFile, pipeOperators: boolean) {
    this.source = source;
    const text = source.text;
    this.length = text.length;
    this.text = `${text}\0`;
    this.pipeOperators = pipeOperators;
  }

  /** Moves to the next token in the default mode, from `end`. */
  next(): Token {
    const text = this.text;
    this.previousEnd = this.end;
    let p = this.skipBlanks();
    this.pos = p;
    const c = text.charCodeAt(p);
    if ((classes[c] & IdStart) !== 0) return this.identifier(p);
    p++;
    switch (c) {
      case 0x3d: // =
        return text.charCodeAt(p) === 0x3d ? this.set(Token.equal, p + 1) : this.set(Token.assign, p);
      case 0x3b:
        return this.set(Token.semicolon, p);
      case 0x22:
        return this.set(Token.quote, p);
      case 0x27: // '
        if (text.charCodeAt(p) === 0x27) return this.set(Token.indentedOpen, this.indentedStart(p + 1));
        break;
      case 0x7b:
        return this.set(Token.braceOpen, p);
      case 0x7d:
        return this.set(Token.braceClose, p);
      case 0x28:
        return this.set(Token.parenOpen, p);
      case 0x29:
        return this.set(Token.parenClose, p);
      case 0x5b:
        return this.set(Token.bracketOpen, p);
      case 0x5d:
        return this.set(Token.bracketClose, p);
      case 0x3a:
        return this.set(Token.colon, p);
      case 0x2c:
        return this.set(Token.comma, p);
      case 0x40:
        return this.set(Token.at, p);
      case 0x3f:
        return this.set(Token.question, p);
      case 0x2a:
        return this.set(Token.times, p);
      case 0x2e: // .
      case 0x2b: // +
      case 0x2d: // -
      case 0x2f: // /
        return this.pathOrOperator(p - 1, c);
      case 0x7e: // ~
        if (text.charCodeAt(p) === 0x2f && this.pathTail(p) > 0) {
          return this.set(Token.homePath, this.pathTail(p));
        }
        break;
      case 0x3c:
        return this.less(p);
      case 0x3e:
        return text.charCodeAt(p) === 0x3d ? this.set(Token.greaterEqual, p + 1) : this.set(Token.greater, p);
      case 0x21:
        return text.charCodeAt(p) === 0x3d ? this.set(Token.notEqual, p + 1) : this.set(Token.not, p);
      case 0x26:
        if (text.charCodeAt(p) === 0x26) return this.set(Token.and, p + 1);
        break;
      case 0x7c: // |
        if (text.charCodeAt(p) === 0x7c) return this.set(Token.orOr, p + 1);
        if (text.charCodeAt(p) === 0x3e) return this.pipe(Token.pipeInto, p + 1);
        break;
      case 0x24:
        if (text.charCodeAt(p) === 0x7b) return this.set(Token.dollarBrace, p + 1);
        break;
      case 0:
        return this.set(Token.endOfFile, Math.min(p, this.length));
      default:
        if ((classes[c] & Digit) !== 0) return this.numeral(p - 1);
    }
    return this.set(Token.invalid, p);
  }

  private set(token: Token, end: number): Token {
    this.token = token;
    this.end = end;
    return token;
  }

  /** Skips blanks and comments from `end`; notes a doc comment that directly precedes the token. */
  private skipBlanks(): number {
    const text = this.text;
    let p = this.end;
    this.docPos = -1;
    for (;;) {
      const c = text.charCodeAt(p);
      if (c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d) p++;
      else if (c === 0x23) p = this.lineEnd(p + 1);
      else if (c === 0x2f && text.charCodeAt(p + 1) === 0x2a) {
        const close = text.indexOf('*/', p + 2);
        if (close < 0) return p;
        if (isDocComment(text, p)) this.docPos = p;
        p = close + 2;
      } else return p;
    }
  }

  private lineEnd(from: number): number {
    const text = this.text;
    let p = from;
    for (;;) {
      const c = text.charCodeAt(p);
      if (c === 0x0a || c === 0x0d || (c === 0 && p >= this.length)) return p;
      p++;
    }
  }

  private identifier(start: number): Token {
    const text = this.text;
    let p = start;
    let hash = 0;
    let common = 0xff;
    let c = text.charCodeAt(p);
    do {
      hash = hashStep(hash, c);
      common &= classes[c];
      c = text.charCodeAt(++p);
    } while ((classes[c] & IdPart) !== 0);
    // `.` `+` `/` `:` may make this a longer token: a path or a URI.
    if ((c === 0x2e || c === 0x2f || c === 0x3a || c === 0x2b) && (common & (PathChar | SchemeChar)) !== 0) {
      if (this.pathOrUri(start, p, common)) return this.token;
    }
    const index = internName(text, start, p, hash);
    if (index < keywordCount) return this.set(keywordTokens[index], p);
    this.name = nameAt(index);
    return this.set(Token.identifier, p);
  }

  /** Whether the text from `start`, known to be path characters up to `p`, is a path or (with a scheme) a URI; then takes it. */
  private pathOrUri(start: number, from: number, allowed: number): boolean {
    const text = this.text;
    let p = from;
    let common = allowed;
    let c = text.charCodeAt(p);
    while ((classes[c] & PathChar) !== 0) {
      common &= classes[c];
      c = text.charCodeAt(++p);
    }
    if (c === 0x2f && (common & PathChar) !== 0) return this.takePath(start, p);
    if (c !== 0x3a || (common & SchemeChar) === 0 || (classes[text.charCodeAt(p + 1)] & UriChar) === 0)
      return false;
    p++;
    while ((classes[text.charCodeAt(p)] & UriChar) !== 0) p++;
    this.set(Token.uri, p);
    return true;
  }

  private takePath(start: number, slash: number): boolean {
    const end = this.pathTail(slash);
    if (end === 0) return false;
    this.pos = start;
    this.set(Token.path, end);
    return true;
  }

  /**
   * End of the path segments that begin with the slash at `slash`: `/a/b` with an optional slash at the end, or
   * the slash alone before `${`. 0 when no path begins there.
   */
  pathTail(slash: number): number {
    const text = this.text;
    let p = slash;
    let c = text.charCodeAt(p + 1);
    if ((classes[c] & PathChar) === 0) {
      return c === 0x24 && text.charCodeAt(p + 2) === 0x7b ? p + 1 : 0;
    }
    for (;;) {
      p++;
      while ((classes[text.charCodeAt(p)] & PathChar) !== 0) p++;
      if (text.charCodeAt(p) !== 0x2f) return p;
      c = text.charCodeAt(p + 1);
      if ((classes[c] & PathChar) === 0) return p + 1;
    }
  }

  private pathOrOperator(start: number, c: number): Token {
    const text = this.text;
    if (c === 0x2f ? this.takePath(start, start) : this.pathFrom(start)) return this.token;
    const following = text.charCodeAt(start + 1);
    switch (c) {
      case 0x2f:
        return following === 0x2f ? this.set(Token.update, start + 2) : this.set(Token.divide, start + 1);
      case 0x2b:
        return following === 0x2b ? this.set(Token.concat, start + 2) : this.set(Token.plus, start + 1);
      case 0x2d:
        return following === 0x3e ? this.set(Token.implies, start + 2) : this.set(Token.minus, start + 1);
    }
    if ((classes[following] & Digit) !== 0) return this.float(start, this.digits(start + 1));
    if (following === 0x2e && text.charCodeAt(start + 2) === 0x2e) return this.set(Token.ellipsis, start + 3);
    return this.set(Token.dot, start + 1);
  }

  /** Takes the path that begins at `start` with a path character, if there is one. */
  private pathFrom(start: number): boolean {
    const text = this.text;
    let p = start;
    while ((classes[text.charCodeAt(p)] & PathChar) !== 0) p++;
    return text.charCodeAt(p) === 0x2f && this.takePath(start, p);
  }

  private digits(from: number): number {
    let p = from;
    while ((classes[this.text.charCodeAt(p)] & Digit) !== 0) p++;
    return p;
  }

  private numeral(start: number): Token {
    const text = this.text;
    const p = this.digits(start);
    const c = text.charCodeAt(p);
    if ((classes[c] & PathChar) !== 0 || c === 0x2f) {
      if (this.pathFrom(start)) return this.token;
      if (c === 0x2e) {
        // `[1-9][0-9]*\.[0-9]*` or `0\.[0-9]+`: a longer numeral with a leading zero is an integer.
        const fractionEnd = this.digits(p + 1);
        const leadingZero = text.charCodeAt(start) === 0x30;
        if (leadingZero ? p === start + 1 && fractionEnd > p + 1 : true)
          return this.float(start, fractionEnd);
      }
    }
    if (p - start <= 15) this.number = Number(text.slice(start, p));
    else this.bigInteger(text.slice(start, p));
    return this.set(Token.integer, p);
  }

  private bigInteger(digits: string): void {
    const value = BigInt(digits);
    if (value > 0x7fffffffffffffffn) throw invalidInteger(this.source, this.pos, digits);
    this.number = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  private float(start: number, mantissaEnd: number): Token {
    const text = this.text;
    let end = mantissaEnd;
    if ((text.charCodeAt(end) | 0x20) === 0x65) {
      const sign = text.charCodeAt(end + 1);
      const exponent = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1;
      const exponentEnd = this.digits(exponent);
      if (exponentEnd > exponent) end = exponentEnd;
    }
    const digits = text.slice(start, end);
    const value = Number(digits);
    // strtod reports results that overflow or are subnormal, and C++ Nix takes both for errors.
    const tooSmall = value < 2.2250738585072014e-308 && /[1-9]/.test(digits.slice(0, mantissaEnd - start));
    if (value === Number.POSITIVE_INFINITY || tooSmall) throw invalidFloat(this.source, this.pos, digits);
    this.number = value;
    return this.set(Token.float, end);
  }

  private less(p: number): Token {
    const text = this.text;
    const c = text.charCodeAt(p);
    if (c === 0x3d) return this.set(Token.lessEqual, p + 1);
    if (c === 0x7c) return this.pipe(Token.pipeFrom, p + 1);
    let q = p;
    for (;;) {
      const segment = q;
      while ((classes[text.charCodeAt(q)] & PathChar) !== 0) q++;
      if (q === segment) break;
      if (text.charCodeAt(q) === 0x3e) return this.set(Token.searchPath, q + 1);
      if (text.charCodeAt(q) !== 0x2f) break;
      q++;
    }
    return this.set(Token.less, p);
  }

  private pipe(token: Token, end: number): Token {
    if (!this.pipeOperators) throw pipesDisabled(this.source, this.pos);
    return this.set(token, end);
  }

  /** An indented string's opening swallows a first line that holds only spaces. */
  private indentedStart(from: number): number {
    let p = from;
    while (this.text.charCodeAt(p) === 0x20) p++;
    return this.text.charCodeAt(p) === 0x0a ? p + 1 : from;
  }

  /**
   * Reads the literal text of a `"` string from `end` on, escapes processed, up to the closing quote or `${`,
   * and leaves `end` there. `undefined` when the input ends before.
   */
  scanString(): string | undefined {
    const text = this.text;
    const start = this.end;
    let p = start;
    let chunk = start;
    let result = '';
    for (;;) {
      while ((classes[text.charCodeAt(p)] & StringStop) === 0) p++;
      const c = text.charCodeAt(p);
      if (c === 0x22) break;
      if (c === 0x24) {
        const following = text.charCodeAt(p + 1);
        if (following === 0x7b) break;
        p += following === 0x24 ? 2 : 1;
      } else if (c === 0x5c) {
        if (p + 1 >= this.length) return undefined;
        result += text.slice(chunk, p) + unescaped(text, p + 1);
        p += 2;
        chunk = p;
      } else if (c === 0x0d) {
        result += `${text.slice(chunk, p)}\n`;
        p += text.charCodeAt(p + 1) === 0x0a ? 2 : 1;
        chunk = p;
      } else if (p >= this.length) return undefined;
      else p++;
    }
    this.end = p;
    result = chunk === start ? text.slice(start, p) : result + text.slice(chunk, p);
    if (result.includes('\0')) throw nullBytes(this.source, start, result);
    return result;
  }

  /**
   * Reads the next piece of an indented string from `end` on and moves `end` behind it. Leaves the piece in
   * `piece` and tells its kind: `text` takes part in stripping the indentation, `escape` (what `''$`, `'''`,
   * `''\n`, lone `$` and `'` stand for) does not; `interpolation` and `close` are `${` and `''`.
   */
  scanIndented(): 'text' | 'escape' | 'interpolation' | 'close' | undefined {
    const text = this.text;
    const start = this.end;
    const p = this.indentedChunkEnd(start);
    if (p > start) {
      this.end = p;
      this.piece = text.slice(start, p);
      if (this.piece.includes('\0')) throw nullBytes(this.source, start, this.piece);
      return 'text';
    }
    if (p >= this.length) return undefined;
    const following = text.charCodeAt(p + 1);
    if (text.charCodeAt(p) === 0x24) {
      if (following === 0x7b) return this.endPiece('', p + 2, 'interpolation');
      return this.endPiece('$', p + 1, 'escape');
    }
    if (following !== 0x27) return this.endPiece("'", p + 1, 'escape');
    const third = text.charCodeAt(p + 2);
    if (third === 0x24) return this.endPiece('$', p + 3, 'escape');
    if (third === 0x27) return this.endPiece("''", p + 3, 'escape');
    if (third === 0x5c && p + 3 < this.length) return this.indentedEscape(p);
    return this.endPiece('', p + 2, 'close');
  }

  /** The text of the last piece that `scanIndented` read. */
  piece = '';

  private endPiece<K>(piece: string, end: number, kind: K): K {
    this.piece = piece;
    this.end = end;
    return kind;
  }

  private indentedEscape(p: number): 'escape' {
    const piece = unescaped(this.text, p + 3);
    if (piece === '\0') throw nullBytes(this.source, p, piece);
    return this.endPiece(piece, p + 4, 'escape');
  }

  /** End of the plain text that begins at `start`: `$` and `'` belong to it unless what follows gives them a meaning. */
  private indentedChunkEnd(start: number): number {
    const text = this.text;
    let p = start;
    for (;;) {
      const c = text.charCodeAt(p);
      if (c === 0x24 || c === 0x27) {
        const following = text.charCodeAt(p + 1);
        if (following === 0x27 || following === (c === 0x24 ? 0x7b : 0x24) || p + 1 >= this.length) return p;
        p += 2;
      } else if (c === 0 && p >= this.length) return p;
      else p++;
    }
  }

  /** End of the literal path characters at `from`, inside a path with interpolation; `from` when there are none. */
  pathPieceEnd(from: number): number {
    const text = this.text;
    let p = from;
    while ((classes[text.charCodeAt(p)] & PathChar) !== 0) p++;
    if (text.charCodeAt(p) !== 0x2f) return p;
    return this.pathTail(p) || p + 1;
  }
}

/** What the escaped character at `index` stands for. */
function unescaped(text: string, index: number): string {
  const c = text[index];
  if (c === 'n') return '\n';
  if (c === 'r') return '\r';
  if (c === 't') return '\t';
  return c;
}

/** Two asterisks, then neither `/` nor a third asterisk. */
function isDocComment(text: string, p: number): boolean {
  if (text.charCodeAt(p + 2) !== 0x2a) return false;
  const c = text.charCodeAt(p + 3);
  return c !== 0x2f && c !== 0x2a;
}
