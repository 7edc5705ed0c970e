/**
 * POSIX extended regular expressions to a nondeterministic automaton, in the reading of libstdc++'s `std::regex`
 * (grammar `extended`), which C++ Nix uses: what is an error there is one here. Its particulars: an escape makes
 * an ordinary character of a special one and is an error before any other; `a**` is allowed, `*a` is not; `.`
 * matches everything but NUL; ranges compare bytes as signed numbers; a NUL in a pattern is an error; automata of
 * more than 100,000 states are refused. The shape of the automaton is that of libstdc++, because which of
 * several matches wins depends on it (see `posix-regex.ts`).
 */

/** A pattern that is not a regular expression, or (`tooBig`) one with too many states. */
export class RegexError extends Error {
  readonly tooBig: boolean;
  constructor(tooBig = false) {
    super(tooBig ? 'regular expression too big' : 'invalid regular expression');
    this.tooBig = tooBig;
  }
}

/** State kinds. */
export const Op = {
  /** Goes on to `next`. */
  dummy: 0,
  /** Consumes a byte of the class `argument`. */
  bytes: 1,
  /** Tries `other`, then `next`; the longer match wins. */
  alternative: 2,
  /** Tries `other` (once more); where that gives nothing, `next`. */
  repeat: 3,
  groupBegin: 4,
  groupEnd: 5,
  lineBegin: 6,
  lineEnd: 7,
  accept: 8,
} as const;

/** The automaton: parallel arrays, indexed by state. */
export interface Automaton {
  readonly ops: number[];
  readonly next: number[];
  readonly other: number[];
  /** Number of the group, or index into `classes`. */
  readonly argument: number[];
  /** Byte classes: 256 entries, 1 where the byte belongs to the class. */
  readonly classes: Uint8Array[];
  readonly start: number;
  readonly groupCount: number;
}

const maxStates = 100_000;
const none = -1;

/** A part of the automaton: where it begins, and the state whose `next` is still open. */
interface Fragment {
  readonly start: number;
  end: number;
}

/** Compiles a pattern. @throws RegexError */
export function compileRegex(pattern: string): Automaton {
  return new Compiler(pattern).compile();
}

const specials = '.[\\()*+?{|^$';

class Compiler {
  readonly #pattern: string;
  #position = 0;
  #groups = 0;
  readonly #ops: number[] = [];
  readonly #next: number[] = [];
  readonly #other: number[] = [];
  readonly #argument: number[] = [];
  readonly #classes: Uint8Array[] = [];
  readonly #literals = new Map<number, number>();
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  compile(): Automaton {
    // Also a NUL that stands where it would never be read is an error, except in brackets and classes.
    const whole = this.#disjunction();
    if (this.#position < this.#pattern.length) throw new RegexError();
    const accept = this.#state(Op.accept);
    this.#next[whole.end] = accept;
    return {
      ops: this.#ops,
      next: this.#next,
      other: this.#other,
      argument: this.#argument,
      classes: this.#classes,
      start: whole.start,
      groupCount: this.#groups,
    };
  }

  #state(op: number, argument = 0, other = none, next = none): number {
    if (this.#ops.length >= maxStates) throw new RegexError(true);
    this.#ops.push(op);
    this.#argument.push(argument);
    this.#other.push(other);
    return this.#next.push(next) - 1;
  }

  #single(op: number, argument = 0): Fragment {
    const state = this.#state(op, argument);
    return { start: state, end: state };
  }

  #append(fragment: Fragment, following: Fragment): void {
    this.#next[fragment.end] = following.start;
    fragment.end = following.end;
  }

  #peek(): string | undefined {
    return this.#pattern[this.#position];
  }

  #take(character: string): boolean {
    if (this.#pattern[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #disjunction(): Fragment {
    if (++this.#depth > 2000) throw new RegexError(true);
    let left = this.#sequence();
    while (this.#take('|')) {
      const right = this.#sequence();
      const end = this.#state(Op.dummy);
      this.#next[left.end] = end;
      this.#next[right.end] = end;
      left = { start: this.#state(Op.alternative, 0, left.start, right.start), end };
    }
    this.#depth--;
    return left;
  }

  #sequence(): Fragment {
    let whole: Fragment | undefined;
    for (let term = this.#term(); term; term = this.#term()) {
      if (whole) this.#append(whole, term);
      else whole = term;
    }
    return whole ?? this.#single(Op.dummy);
  }

  #term(): Fragment | undefined {
    if (this.#take('^')) return this.#single(Op.lineBegin);
    if (this.#take('$')) return this.#single(Op.lineEnd);
    let atom = this.#atom();
    if (!atom) return undefined;
    for (;;) {
      if (this.#take('*')) atom = this.#star(atom);
      else if (this.#take('+')) atom = this.#plus(atom);
      else if (this.#take('?')) atom = this.#optional(atom);
      else if (this.#take('{')) atom = this.#interval(atom);
      else return atom;
    }
  }

  #atom(): Fragment | undefined {
    const character = this.#peek();
    if (character === undefined || '*+?{|)'.includes(character)) return undefined;
    this.#position++;
    switch (character) {
      case '.':
        return this.#bytes(everythingButNul());
      case '[':
        return this.#bytes(this.#bracket());
      case '(':
        return this.#group();
      case '\\':
        return this.#literal(this.#escaped());
      case '\0':
        throw new RegexError();
    }
    return this.#literal(character);
  }

  #escaped(): string {
    const character = this.#peek();
    if (character === undefined || !specials.includes(character)) throw new RegexError();
    this.#position++;
    return character;
  }

  #group(): Fragment {
    const group = this.#groups++;
    const fragment = this.#single(Op.groupBegin, group);
    const inner = this.#disjunction();
    if (!this.#take(')')) throw new RegexError();
    this.#append(fragment, inner);
    this.#append(fragment, this.#single(Op.groupEnd, group));
    return fragment;
  }

  #literal(character: string): Fragment {
    const byte = character.charCodeAt(0);
    const known = this.#literals.get(byte);
    if (known !== undefined) return this.#single(Op.bytes, known);
    const bytes = new Uint8Array(256);
    bytes[byte] = 1;
    const fragment = this.#bytes(bytes);
    this.#literals.set(byte, this.#argument[fragment.start]);
    return fragment;
  }

  #bytes(bytes: Uint8Array): Fragment {
    return this.#single(Op.bytes, this.#classes.push(bytes) - 1);
  }

  #star(atom: Fragment): Fragment {
    const repeat = this.#state(Op.repeat, 0, atom.start);
    this.#next[atom.end] = repeat;
    return { start: repeat, end: repeat };
  }

  #plus(atom: Fragment): Fragment {
    const repeat = this.#state(Op.repeat, 0, atom.start);
    this.#next[atom.end] = repeat;
    return { start: atom.start, end: repeat };
  }

  #optional(atom: Fragment): Fragment {
    const end = this.#state(Op.dummy);
    const repeat = this.#state(Op.repeat, 0, atom.start, end);
    this.#next[atom.end] = end;
    return { start: repeat, end };
  }

  #interval(atom: Fragment): Fragment {
    const least = this.#count();
    if (least === undefined) throw new RegexError();
    let most: number | undefined = least;
    if (this.#take(',')) most = this.#count();
    if (!this.#take('}') || (most !== undefined && most < least)) throw new RegexError();
    const whole = this.#single(Op.dummy);
    for (let i = 0; i < least; i++) this.#append(whole, this.#clone(atom));
    if (most === undefined) this.#append(whole, this.#star(this.#clone(atom)));
    else this.#optionalCopies(whole, atom, most - least);
    return whole;
  }

  /** Up to `count` more copies, each of which may be the last. */
  #optionalCopies(whole: Fragment, atom: Fragment, count: number): void {
    const end = this.#state(Op.dummy);
    for (let i = 0; i < count; i++) {
      const copy = this.#clone(atom);
      const repeat = this.#state(Op.repeat, 0, copy.start, end);
      this.#next[whole.end] = repeat;
      whole.end = copy.end;
    }
    this.#next[whole.end] = end;
    whole.end = end;
  }

  #count(): number | undefined {
    const digits = /^[0-9]+/.exec(this.#pattern.slice(this.#position, this.#position + 20))?.[0];
    if (digits === undefined) return undefined;
    this.#position += digits.length;
    return Number(digits);
  }

  /** A copy of the fragment's states; groups keep their numbers. */
  #clone(fragment: Fragment): Fragment {
    const copies = new Map<number, number>();
    const todo = [fragment.start];
    for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
      if (copies.has(state)) continue;
      copies.set(state, this.#state(this.#ops[state], this.#argument[state]));
      if (this.#other[state] !== none) todo.push(this.#other[state]);
      if (state !== fragment.end && this.#next[state] !== none) todo.push(this.#next[state]);
    }
    for (const [state, copy] of copies) {
      this.#other[copy] = copies.get(this.#other[state]) ?? none;
      this.#next[copy] = state === fragment.end ? none : (copies.get(this.#next[state]) ?? none);
    }
    return { start: copies.get(fragment.start)!, end: copies.get(fragment.end)! };
  }

  // ---- bracket expressions ----

  #bracket(): Uint8Array {
    const negated = this.#take('^');
    const bytes = new Uint8Array(256);
    /** The character that may begin a range; `class` right after a class, which may not. */
    let last: string | 'class' | undefined;
    // A closing bracket right at the start stands for itself, and so does a dash.
    const first = this.#peek();
    if (first === ']' || first === '-') {
      last = first;
      this.#position++;
    }
    for (;;) {
      if (this.#take(']')) break;
      if (this.#take('-')) {
        if (this.#take(']')) {
          bytes[0x2d] = 1;
          break;
        }
        if (last === undefined || last === 'class') throw new RegexError();
        addRange(bytes, last.charCodeAt(0), this.#rangeEnd());
        last = undefined;
        continue;
      }
      if (last !== undefined && last !== 'class') bytes[last.charCodeAt(0)] = 1;
      last = this.#bracketItem(bytes);
    }
    if (last !== undefined && last !== 'class') bytes[last.charCodeAt(0)] = 1;
    if (negated) for (let i = 0; i < 256; i++) bytes[i] ^= 1;
    return bytes;
  }

  #rangeEnd(): number {
    const character = this.#peek();
    if (character === undefined || character === ']') throw new RegexError();
    if (character === '[' && this.#classKind() !== undefined) throw new RegexError();
    this.#position++;
    return character.charCodeAt(0);
  }

  #classKind(): string | undefined {
    const kind = this.#pattern[this.#position + 1];
    return kind === ':' || kind === '.' || kind === '=' ? kind : undefined;
  }

  #bracketItem(bytes: Uint8Array): string | 'class' {
    const character = this.#peek();
    if (character === undefined) throw new RegexError();
    if (character === '[' && this.#position + 1 >= this.#pattern.length) throw new RegexError();
    const kind = character === '[' ? this.#classKind() : undefined;
    if (kind === undefined) {
      this.#position++;
      return character;
    }
    const end = this.#pattern.indexOf(kind, this.#position + 2);
    if (end < 0 || this.#pattern[end + 1] !== ']') throw new RegexError();
    const name = this.#pattern.slice(this.#position + 2, end);
    this.#position = end + 2;
    if (kind === ':') return addClass(bytes, name);
    const element = collatingElement(name);
    if (kind === '.') return element;
    // Letters of both cases are equivalent.
    bytes[element.toLowerCase().charCodeAt(0)] = 1;
    bytes[element.toUpperCase().charCodeAt(0)] = 1;
    return 'class';
  }
}

function everythingButNul(): Uint8Array {
  const bytes = new Uint8Array(256).fill(1);
  bytes[0] = 0;
  return bytes;
}

/** Adds a range of bytes taken as signed numbers. */
function addRange(bytes: Uint8Array, from: number, to: number): void {
  const signed = (byte: number) => (byte << 24) >> 24;
  if (signed(from) > signed(to)) throw new RegexError();
  for (let byte = signed(from); byte <= signed(to); byte++) bytes[byte & 0xff] = 1;
}

/** The character classes of the C locale, as bodies of JavaScript character classes. */
const classPatterns: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-/:-@[-`{-~',
  space: ' \\t-\\r',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
  // Short names that the standard library knows as well.
  d: '0-9',
  w: '0-9A-Za-z_',
  s: ' \\t-\\r',
};

function addClass(bytes: Uint8Array, name: string): 'class' {
  const pattern = Object.hasOwn(classPatterns, name.toLowerCase())
    ? classPatterns[name.toLowerCase()]
    : undefined;
  if (pattern === undefined) throw new RegexError();
  const members = new RegExp(`[${pattern}]`);
  for (let byte = 0; byte < 256; byte++) if (members.test(String.fromCharCode(byte))) bytes[byte] = 1;
  return 'class';
}

/** Names of characters in `[.name.]` and `[=name=]`, by code from 0. */
const collatingNames =
  'NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab form-feed carriage-return SO SI DLE DC1 ' +
  'DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1 space exclamation-mark quotation-mark number-sign ' +
  'dollar-sign percent-sign ampersand apostrophe left-parenthesis right-parenthesis asterisk plus-sign comma ' +
  'hyphen period slash zero one two three four five six seven eight nine colon semicolon less-than-sign ' +
  'equals-sign greater-than-sign question-mark commercial-at A B C D E F G H I J K L M N O P Q R S T U V W X Y Z ' +
  'left-square-bracket backslash right-square-bracket circumflex underscore grave-accent a b c d e f g h i j k l ' +
  'm n o p q r s t u v w x y z left-curly-bracket vertical-line right-curly-bracket tilde DEL';

function collatingElement(name: string): string {
  const code = collatingNames.split(' ').indexOf(name);
  if (code < 0) throw new RegexError();
  return String.fromCharCode(code);
}
