/**
 * A deterministic automaton over a regular expression's states, built as far as texts demand. Answers in linear
 * time and constant memory whether a whole text matches. Groups are none of its business.
 */
import { type Automaton, Op } from './posix-regex-compiler.ts';

interface DfaState {
  /** Byte-consuming states, sorted. */
  readonly states: readonly number[];
  /** Whether the text may end here. */
  readonly accepts: boolean;
  /** By byte; `undefined` where not yet known. */
  readonly next: (DfaState | undefined)[];
}

/** So many states are kept at most; past that, the memory is given back and building starts again. */
const maxStates = 1000;

export class Dfa {
  readonly #automaton: Automaton;
  readonly #known = new Map<string, DfaState>();
  readonly #start: DfaState;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
    this.#start = this.#close([automaton.start], true);
  }

  /** Whether the whole of `text` matches. */
  matches(text: string): boolean {
    let state = this.#start;
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i);
      state = state.next[byte] ?? this.#step(state, byte);
      if (state.states.length === 0) return i === text.length - 1 && state.accepts;
    }
    return state.accepts;
  }

  /** Bytes with which a match may begin; `undefined` when the empty text may match. */
  firstBytes(): Uint8Array | undefined {
    if (this.#start.accepts) return undefined;
    const { argument, classes } = this.#automaton;
    const bytes = new Uint8Array(256);
    for (const state of this.#start.states) {
      const members = classes[argument[state]];
      for (let byte = 0; byte < 256; byte++) bytes[byte] |= members[byte];
    }
    return bytes;
  }

  #step(from: DfaState, byte: number): DfaState {
    const { next, argument, classes } = this.#automaton;
    const targets: number[] = [];
    for (const state of from.states) if (classes[argument[state]][byte] === 1) targets.push(next[state]);
    const to = this.#close(targets, false);
    from.next[byte] = to;
    return to;
  }

  #close(from: readonly number[], atStart: boolean): DfaState {
    const states = this.#reach(from, atStart, false);
    const bytes = states.filter((state) => this.#automaton.ops[state] === Op.bytes).sort((a, b) => a - b);
    const accepts = this.#reach(from, atStart, true).some(
      (state) => this.#automaton.ops[state] === Op.accept,
    );
    const key = `${accepts}${bytes.join()}`;
    let state = this.#known.get(key);
    if (!state) {
      if (this.#known.size >= maxStates) {
        for (const old of this.#known.values()) old.next.length = 0;
        this.#known.clear();
      }
      state = { states: bytes, accepts, next: [] };
      this.#known.set(key, state);
    }
    return state;
  }

  /** All states that can be reached without consuming a byte. */
  #reach(from: readonly number[], atStart: boolean, atEnd: boolean): number[] {
    const { ops, next, other } = this.#automaton;
    const seen = new Set<number>();
    const todo = [...from];
    for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
      if (seen.has(state)) continue;
      seen.add(state);
      const op = ops[state];
      if (op === Op.bytes || op === Op.accept) continue;
      if ((op === Op.lineBegin && !atStart) || (op === Op.lineEnd && !atEnd)) continue;
      if (other[state] >= 0) todo.push(other[state]);
      todo.push(next[state]);
    }
    return [...seen];
  }
}
