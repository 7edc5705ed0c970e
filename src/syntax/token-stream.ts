/**
 * All tokens of a text in a row, those inside strings and paths too, with the modes that the parser otherwise
 * keeps on its own stack. Only for explaining syntax errors.
 */
import { trailingSlash } from './errors.ts';
import { Lexer } from './lexer.ts';
import { Token } from './tokens.ts';

type Mode = 'default' | 'string' | 'indented' | 'path' | 'pathAfterSlash';

export class TokenStream extends Lexer {
  readonly #modes: Mode[] = [];
  /** Where an unexpected end of the input is reported; before a path that comes last (a quirk of C++ Nix's lexer). */
  endPosition = -1;
  /** Begin of the last token of a path, for the position of an error at the end of the input. */
  #pathPiece = 0;
  /** Begin of the token before that. */
  #beforePiece = 0;

  /** Moves to the next token in the current mode. */
  advance(): Token {
    switch (this.#modes.at(-1)) {
      case 'string':
        return this.#inString();
      case 'indented':
        return this.#inIndented();
      case 'path':
      case 'pathAfterSlash':
        return this.#inPath();
    }
    this.next();
    this.#changeMode();
    return this.token;
  }

  #changeMode(): void {
    switch (this.token) {
      case Token.braceOpen:
      case Token.dollarBrace:
        this.#modes.push('default');
        break;
      case Token.braceClose:
        this.#modes.pop();
        break;
      case Token.quote:
        this.#modes.push('string');
        break;
      case Token.indentedOpen:
        this.#modes.push('indented');
        break;
      case Token.path:
      case Token.homePath:
        this.#pathPiece = this.pos;
        this.#modes.push(this.#afterSlash());
        break;
    }
  }

  #afterSlash(): Mode {
    return this.text.charCodeAt(this.end - 1) === 0x2f ? 'pathAfterSlash' : 'path';
  }

  #take(token: Token, end: number): Token {
    this.pos = this.end;
    this.token = token;
    this.end = end;
    return token;
  }

  #interpolation(): boolean {
    const p = this.end;
    if (this.text.charCodeAt(p) !== 0x24 || this.text.charCodeAt(p + 1) !== 0x7b) return false;
    this.#take(Token.dollarBrace, p + 2);
    this.#modes.push('default');
    return true;
  }

  #endOfFile(): Token {
    return this.#take(Token.endOfFile, this.length);
  }

  #inString(): Token {
    if (this.#interpolation()) return this.token;
    if (this.text.charCodeAt(this.end) === 0x22) {
      this.#modes.pop();
      return this.#take(Token.quote, this.end + 1);
    }
    const start = this.end;
    if (this.scanString() === undefined) return this.#endOfFile();
    this.pos = start;
    this.token = Token.string;
    return this.token;
  }

  #inIndented(): Token {
    const start = this.end;
    const kind = this.scanIndented();
    this.pos = start;
    if (kind === undefined) return this.#endOfFile();
    if (kind === 'close') {
      this.#modes.pop();
      this.token = Token.indentedClose;
    } else if (kind === 'interpolation') {
      this.#modes.push('default');
      this.token = Token.dollarBrace;
    } else this.token = Token.indentedString;
    return this.token;
  }

  #inPath(): Token {
    if (this.#interpolation()) {
      this.#modes[this.#modes.length - 2] = 'path';
      return this.token;
    }
    const start = this.end;
    const end = this.pathPieceEnd(start);
    if (end > start) {
      this.#take(Token.string, end);
      this.#beforePiece = this.#pathPiece;
      this.#pathPiece = start;
      this.#modes[this.#modes.length - 1] = this.#afterSlash();
    } else if (this.#modes.at(-1) === 'pathAfterSlash') {
      throw trailingSlash(this.source, start < this.length ? start : this.#pathPiece);
    } else {
      this.#modes.pop();
      // It has no text of its own, and takes the position of the token before.
      this.token = Token.pathEnd;
      if (start === this.length) {
        this.endPosition = this.#pathPiece;
        this.pos = this.#beforePiece;
      }
    }
    return this.token;
  }
}
