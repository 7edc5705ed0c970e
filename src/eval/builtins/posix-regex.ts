/**
 * Matching of POSIX extended regular expressions on bytes for `builtins.match` and `builtins.split`.
 *
 * Which match wins is decided as in libstdc++, whose answers are part of Nix's behaviour: the automaton is
 * walked depth first, both sides of `|` are tried and the longest match is kept (of equally long ones the first),
 * but a repetition that found a match by going on is not tried shorter; a group inside a repetition may take one
 * last empty turn, and keeps its text from earlier turns. Unlike there, the walk never visits a byte-consuming
 * state twice at one position and keeps its own stack: the time is linear in the text (times the pattern's size),
 * and no text is too long. `Dfa` first answers whether there is anything to find.
 */
import { type Automaton, compileRegex, Op, RegexError } from './posix-regex-compiler.ts';
import { Dfa } from './posix-regex-dfa.ts';

export { RegexError } from './posix-regex-compiler.ts';

/** A match: where it is, and begin and end of each group (-1 for groups that took no part). */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (readonly [start: number, end: number])[];
}

/** A compiled expression. */
export class PosixRegex {
  readonly groupCount: number;
  readonly #automaton: Automaton;
  readonly #dfa: Dfa;

  /** @throws RegexError */
  constructor(pattern: string) {
    this.#automaton = compileRegex(pattern);
    this.groupCount = this.#automaton.groupCount;
    this.#dfa = new Dfa(this.#automaton);
  }

  /** The match of the whole text. */
  match(text: string): RegexMatch | undefined {
    if (!this.#dfa.matches(text)) return undefined;
    if (this.groupCount === 0) return { start: 0, end: text.length, groups: [] };
    return new Walk(this.#automaton, text, true).run(0, false, true);
  }

  /** All matches from left to right, not overlapping; an empty one only where nothing longer is. */
  *matchAll(text: string): Generator<RegexMatch> {
    const first = this.#dfa.firstBytes();
    const walk = new Walk(this.#automaton, text, false);
    let match = this.#search(walk, text, first, 0);
    while (match) {
      yield match;
      let from = match.end;
      if (match.start === match.end) {
        if (from === text.length) return;
        // The standard's iterator first looks for something longer right here.
        const longer = walk.run(from, true, false);
        if (longer) {
          match = longer;
          continue;
        }
        from++;
      }
      match = this.#search(walk, text, first, from);
    }
  }

  #search(walk: Walk, text: string, first: Uint8Array | undefined, from: number): RegexMatch | undefined {
    for (let start = from; start <= text.length; start++) {
      if (first !== undefined && (start === text.length || first[text.charCodeAt(start)] === 0)) continue;
      const match = walk.run(start, false, start === 0);
      if (match) return match;
    }
    return undefined;
  }
}

/** Kinds of entries on the walk's stack: what to do when the walk comes back. */
const Back = {
  bytes: 0,
  alternative: 1,
  alternativeEnd: 2,
  repeat: 3,
  groupBegin: 4,
  groupEnd: 5,
  run: 6,
} as const;

/** Positions per page of the table of dead ends. */
const pageSize = 256;
/** Entries of the walk's stack; a text that needs more is refused as too big. */
const maxStack = 1 << 27;

/** The depth-first walk over one text; may be run from several starts in ascending order. */
class Walk {
  readonly #automaton: Automaton;
  readonly #text: string;
  /** Whether only matches of the whole text count. */
  readonly #whole: boolean;
  readonly #stack: number[] = [];
  /** Dead ends: by page of positions, a bit per position and state. They stay dead for later starts. */
  readonly #dead = new Map<number, Uint32Array>();
  readonly #wordsPerPosition: number;
  /** Where this run found a match, as `position * states + state`: going there again gives nothing better. */
  readonly #found = new Set<number>();
  readonly #groupStarts: number[];
  readonly #groupEnds: number[];
  /** For each repetition: where it was visited last, and how often there. */
  readonly #visitedAt: number[];
  readonly #visits: number[];
  /** Steps at the current position that consumed nothing; nested empty loops may take exponentially many. */
  #idleSteps = 0;
  /** Repetitions (as in `#found`) that were entered after too many idle steps: entered once only. */
  readonly #crowded = new Set<number>();
  /** For each state: whether it repeats a single byte class. */
  readonly #isRun: readonly boolean[];
  readonly #hasAlternatives: boolean;

  constructor(automaton: Automaton, text: string, whole: boolean) {
    this.#automaton = automaton;
    this.#text = text;
    this.#whole = whole;
    this.#wordsPerPosition = (automaton.ops.length + 31) >> 5;
    this.#groupStarts = new Array(automaton.groupCount).fill(-1);
    this.#groupEnds = new Array(automaton.groupCount).fill(-1);
    this.#visitedAt = new Array(automaton.ops.length).fill(-1);
    this.#visits = new Array(automaton.ops.length).fill(0);
    const { ops, next, other } = automaton;
    this.#isRun = ops.map((op, i) => op === Op.repeat && ops[other[i]] === Op.bytes && next[other[i]] === i);
    this.#hasAlternatives = ops.includes(Op.alternative);
  }

  /** The match that begins at `start`; `notEmpty` refuses the empty one, `lineBegin` tells whether `^` holds there. */
  run(start: number, notEmpty: boolean, lineBegin: boolean): RegexMatch | undefined {
    const { ops, next, other, argument, classes } = this.#automaton;
    const text = this.#text;
    const stack = this.#stack;
    const stateCount = ops.length;
    const idleLimit = 100 + 4 * stateCount;
    stack.length = 0;
    this.#found.clear();
    this.#crowded.clear();
    this.#groupStarts.fill(-1);
    this.#groupEnds.fill(-1);
    this.#visitedAt.fill(-1);
    this.#idleSteps = 0;
    let best: RegexMatch | undefined;
    let state = this.#automaton.start;
    let position = start;
    let found = false;
    let forward = true;
    for (;;) {
      if (forward) {
        // Going on from `state`; `found` is false here.
        switch (ops[state]) {
          case Op.bytes:
            if (position >= text.length || classes[argument[state]][text.charCodeAt(position)] === 0)
              forward = false;
            else if (this.#isDead(position, state)) forward = false;
            else if (this.#found.has(position * stateCount + state)) {
              found = true;
              forward = false;
            } else {
              stack.push(Back.bytes, state, position, 0);
              if (stack.length > maxStack) throw new RegexError(true);
              position++;
              state = next[state];
              this.#idleSteps = 0;
            }
            continue;
          case Op.alternative:
            stack.push(Back.alternative, state, 0, 0);
            state = other[state];
            continue;
          case Op.repeat: {
            if (this.#isRun[state]) {
              const from = position;
              position = this.#runEnd(other[state], position);
              if (position < text.length && this.#found.has(position * stateCount + other[state])) {
                this.#markFound(other[state], from, position);
                position = from;
                found = true;
                forward = false;
              } else {
                stack.push(Back.run, state, from, position);
                state = next[state];
              }
              continue;
            }
            if (++this.#idleSteps > idleLimit) {
              const key = position * stateCount + state;
              if (this.#crowded.has(key)) {
                forward = false;
                continue;
              }
              this.#crowded.add(key);
            }
            const again = this.#visitedAt[state] === position ? this.#visits[state] : 0;
            if (again < 2) {
              stack.push(Back.repeat, state, this.#visitedAt[state], this.#visits[state]);
              this.#visitedAt[state] = position;
              this.#visits[state] = again + 1;
              state = other[state];
            } else state = next[state];
            continue;
          }
          case Op.groupBegin:
            stack.push(Back.groupBegin, argument[state], this.#groupStarts[argument[state]], 0);
            this.#groupStarts[argument[state]] = position;
            break;
          case Op.groupEnd:
            stack.push(Back.groupEnd, argument[state], this.#groupEnds[argument[state]], 0);
            this.#groupEnds[argument[state]] = position;
            break;
          case Op.lineBegin:
            if (!lineBegin || position !== start) forward = false;
            break;
          case Op.lineEnd:
            if (position !== text.length) forward = false;
            break;
          case Op.accept:
            forward = false;
            if (this.#whole ? position !== text.length : notEmpty && position === start) break;
            found = true;
            if (best === undefined || position > best.end) best = this.#result(start, position);
            // No later match of the whole text is longer.
            if (this.#whole) return best;
            break;
        }
        if (forward) state = next[state];
        continue;
      }
      if (stack.length === 0) return best;
      const saved2 = stack.pop() as number;
      const saved = stack.pop() as number;
      const subject = stack.pop() as number;
      switch (stack.pop()) {
        case Back.bytes:
          position = saved;
          this.#idleSteps = 0;
          if (found) this.#markFound(subject, position, position + 1);
          else this.#markDead(position, subject);
          break;
        case Back.alternative:
          stack.push(Back.alternativeEnd, 0, found ? 1 : 0, 0);
          found = false;
          forward = true;
          state = next[subject];
          break;
        case Back.alternativeEnd:
          found ||= saved === 1;
          break;
        case Back.repeat:
          this.#visitedAt[subject] = saved;
          this.#visits[subject] = saved2;
          if (!found) {
            forward = true;
            state = next[subject];
          }
          break;
        case Back.run:
          this.#idleSteps = 0;
          position = saved;
          if (found) this.#markFound(other[subject], saved, saved2);
          else if (saved2 > saved) {
            // One turn less.
            position = saved2 - 1;
            this.#markDead(position, other[subject]);
            stack.push(Back.run, subject, saved, position);
            state = next[subject];
            forward = true;
          }
          break;
        case Back.groupBegin:
          this.#groupStarts[subject] = saved;
          break;
        case Back.groupEnd:
          this.#groupEnds[subject] = saved;
          break;
      }
    }
  }

  #result(start: number, end: number): RegexMatch {
    const groups = this.#groupEnds.map((groupEnd, i): [number, number] =>
      groupEnd < 0 ? [-1, -1] : [this.#groupStarts[i], groupEnd],
    );
    return { start, end, groups };
  }

  /** How far the byte class of `state` goes from `from`, up to where that has been tried before. */
  #runEnd(state: number, from: number): number {
    const members = this.#automaton.classes[this.#automaton.argument[state]];
    const text = this.#text;
    const checkFound = this.#found.size > 0;
    let position = from;
    while (
      position < text.length &&
      members[text.charCodeAt(position)] === 1 &&
      !this.#isDead(position, state)
    ) {
      if (checkFound && this.#found.has(position * this.#automaton.ops.length + state)) return position;
      position++;
    }
    return position;
  }

  /** Notes that going on with `state` at these positions finds a match. Only alternatives come back to ask. */
  #markFound(state: number, from: number, to: number): void {
    if (!this.#hasAlternatives) return;
    for (let position = from; position < to; position++) {
      this.#found.add(position * this.#automaton.ops.length + state);
    }
  }

  #isDead(position: number, state: number): boolean {
    const page = this.#dead.get(Math.floor(position / pageSize));
    if (!page) return false;
    return ((page[(position % pageSize) * this.#wordsPerPosition + (state >> 5)] >>> (state & 31)) & 1) === 1;
  }

  #markDead(position: number, state: number): void {
    const number = Math.floor(position / pageSize);
    let page = this.#dead.get(number);
    if (!page) {
      page = new Uint32Array(pageSize * this.#wordsPerPosition);
      this.#dead.set(number, page);
    }
    page[(position % pageSize) * this.#wordsPerPosition + (state >> 5)] |= 1 << (state & 31);
  }
}
