/**
 * A small LALR(1) table builder in the manner of bison: precedence resolves shift/reduce conflicts, and each
 * state's most frequent reduction becomes its default. Built once, on the first syntax error, in a few tens of
 * milliseconds. Lookaheads by propagation (Aho, Sethi, Ullman: "Compilers", 4.7.5).
 *
 * Symbols are numbers: terminals first (in the order given), nonterminals after them.
 */

export interface GrammarText {
  readonly terminals: readonly string[];
  readonly precedences: readonly (readonly ['left' | 'right' | 'none', ...string[]])[];
  readonly rules: string;
}

export interface Rule {
  readonly left: number;
  readonly right: readonly number[];
  /** Precedence level, 0 for none. */
  readonly level: number;
}

/** What to do in a state on a terminal: shift to a state, reduce by a rule, or an explicit error. */
export type Action =
  | { readonly kind: 'shift'; readonly state: number }
  | { readonly kind: 'reduce'; readonly rule: number }
  | { readonly kind: 'error' };

export interface ParserState {
  /** By terminal; only what differs from the default. */
  readonly actions: ReadonlyMap<number, Action>;
  /** Rule to reduce by on every other terminal. */
  readonly defaultReduction: number | undefined;
  /** By nonterminal: the next state. */
  readonly goto: ReadonlyMap<number, number>;
}

export interface ParserTables {
  readonly rules: readonly Rule[];
  readonly states: readonly ParserState[];
}

interface ItemSet {
  /** Kernel items, `rule * 32 + dot`, sorted. */
  readonly kernel: readonly number[];
  readonly moves: Map<number, number>;
  /** Lookaheads of each kernel item. */
  readonly lookaheads: Set<number>[];
}

const dotBits = 5;
const dotMask = 31;

/** Builds the tables; rule 0 is the added start rule (with the first terminal as the end), and accepting is reducing by it. */
export function buildTables(grammar: GrammarText): ParserTables {
  return new TableBuilder(grammar).build();
}

class TableBuilder {
  readonly #symbols = new Map<string, number>();
  readonly #terminalCount: number;
  readonly #rules: Rule[] = [];
  /** Rules by their left side. */
  readonly #byLeft = new Map<number, number[]>();
  readonly #levels = new Map<number, { level: number; side: 'left' | 'right' | 'none' }>();
  readonly #first: Set<number>[] = [];
  readonly #nullable = new Set<number>();
  readonly #sets: ItemSet[] = [];

  constructor(grammar: GrammarText) {
    for (const terminal of grammar.terminals) this.#symbols.set(terminal, this.#symbols.size);
    this.#terminalCount = this.#symbols.size;
    grammar.precedences.forEach(([side, ...names], index) => {
      for (const name of names) this.#levels.set(this.#symbol(name), { level: index + 1, side });
    });
    this.#readRules(grammar.rules, grammar.terminals[0]);
  }

  build(): ParserTables {
    this.#computeFirst();
    this.#buildItemSets();
    this.#propagate();
    return { rules: this.#rules, states: this.#sets.map((set) => this.#state(set)) };
  }

  #symbol(name: string): number {
    let symbol = this.#symbols.get(name);
    if (symbol === undefined) {
      symbol = this.#symbols.size;
      this.#symbols.set(name, symbol);
    }
    return symbol;
  }

  #readRules(text: string, end: string): void {
    const lines = text.trim().split('\n');
    const startName = lines[0].slice(0, lines[0].indexOf(':'));
    this.#addRule('$accept', [startName, end], undefined);
    for (const line of lines) {
      const colon = line.indexOf(':');
      const words = line
        .slice(colon + 1)
        .split(' ')
        .filter((word) => word !== '');
      const last = words.at(-1);
      const precedence = last && last.length > 1 && last.startsWith('%') ? words.pop()?.slice(1) : undefined;
      this.#addRule(line.slice(0, colon), words, precedence);
    }
  }

  #addRule(leftName: string, words: readonly string[], precedence: string | undefined): void {
    const left = this.#symbol(leftName);
    const right = words.map((word) => this.#symbol(word));
    const deciding = precedence
      ? this.#symbol(precedence)
      : right.findLast((symbol) => symbol < this.#terminalCount);
    const level = deciding === undefined ? 0 : (this.#levels.get(deciding)?.level ?? 0);
    const index = this.#rules.push({ left, right, level }) - 1;
    const rules = this.#byLeft.get(left);
    if (rules) rules.push(index);
    else this.#byLeft.set(left, [index]);
  }

  #computeFirst(): void {
    for (let s = 0; s < this.#symbols.size; s++) {
      this.#first.push(new Set(s < this.#terminalCount ? [s] : []));
    }
    for (let changed = true; changed; ) {
      changed = false;
      for (const { left, right } of this.#rules) {
        const before = this.#first[left].size;
        const empty = this.#addFirst(right, 0, this.#first[left]);
        if (empty && !this.#nullable.has(left)) {
          this.#nullable.add(left);
          changed = true;
        }
        if (this.#first[left].size > before) changed = true;
      }
    }
  }

  /** Adds the terminals that can begin `symbols` from `index` on; whether all of that can be empty. */
  #addFirst(symbols: readonly number[], index: number, into: Set<number>): boolean {
    for (let i = index; i < symbols.length; i++) {
      for (const terminal of this.#first[symbols[i]]) into.add(terminal);
      if (!this.#nullable.has(symbols[i])) return false;
    }
    return true;
  }

  /** The LR(0) item sets. */
  #buildItemSets(): void {
    const known = new Map<string, number>();
    const add = (kernel: number[]): number => {
      const key = kernel.join();
      let index = known.get(key);
      if (index === undefined) {
        index = this.#sets.push({ kernel, moves: new Map(), lookaheads: kernel.map(() => new Set()) }) - 1;
        known.set(key, index);
      }
      return index;
    };
    add([0]);
    for (let i = 0; i < this.#sets.length; i++) {
      const bySymbol = new Map<number, number[]>();
      for (const item of this.#closure(this.#sets[i].kernel)) {
        const symbol = this.#rules[item >> dotBits].right[item & dotMask];
        if (symbol === undefined) continue;
        const items = bySymbol.get(symbol);
        if (items) items.push(item + 1);
        else bySymbol.set(symbol, [item + 1]);
      }
      for (const [symbol, items] of bySymbol) {
        this.#sets[i].moves.set(symbol, add(items.sort((a, b) => a - b)));
      }
    }
  }

  #closure(kernel: readonly number[]): number[] {
    const items = [...kernel];
    const seen = new Set<number>();
    for (let i = 0; i < items.length; i++) {
      const symbol = this.#rules[items[i] >> dotBits].right[items[i] & dotMask];
      if (symbol === undefined || seen.has(symbol)) continue;
      seen.add(symbol);
      for (const rule of this.#byLeft.get(symbol) ?? []) items.push(rule << dotBits);
    }
    return items;
  }

  /** Lookaheads of all kernel items: spontaneous ones first, then along the propagation links to a fixed point. */
  #propagate(): void {
    const links: [Set<number>, Set<number>][] = [];
    const marker = -1;
    for (const set of this.#sets) {
      set.kernel.forEach((item, index) => {
        for (const [closed, lookaheads] of this.#closureWithLookaheads([[item, new Set([marker])]])) {
          const symbol = this.#rules[closed >> dotBits].right[closed & dotMask];
          if (symbol === undefined) continue;
          const target = this.#sets[set.moves.get(symbol) as number];
          const into = target.lookaheads[target.kernel.indexOf(closed + 1)];
          for (const lookahead of lookaheads) {
            if (lookahead === marker) links.push([set.lookaheads[index], into]);
            else into.add(lookahead);
          }
        }
      });
    }
    this.#sets[0].lookaheads[0].add(0);
    for (let changed = true; changed; ) {
      changed = false;
      for (const [from, to] of links) {
        const before = to.size;
        for (const lookahead of from) to.add(lookahead);
        if (to.size > before) changed = true;
      }
    }
  }

  /** The LR(1) closure: each item with the terminals that may follow it. */
  #closureWithLookaheads(kernel: readonly (readonly [number, Set<number>])[]): Map<number, Set<number>> {
    const result = new Map<number, Set<number>>(kernel);
    const todo = [...result.keys()];
    for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
      const { right } = this.#rules[item >> dotBits];
      const dot = item & dotMask;
      const rules = this.#byLeft.get(right[dot]);
      if (!rules) continue;
      const following = new Set<number>();
      if (this.#addFirst(right, dot + 1, following)) {
        for (const lookahead of result.get(item) as Set<number>) following.add(lookahead);
      }
      for (const rule of rules) {
        const added = rule << dotBits;
        const lookaheads = result.get(added) ?? new Set();
        const before = lookaheads.size;
        for (const lookahead of following) lookaheads.add(lookahead);
        if (lookaheads.size > before || !result.has(added)) todo.push(added);
        result.set(added, lookaheads);
      }
    }
    return result;
  }

  #state(set: ItemSet): ParserState {
    const actions = new Map<number, Action>();
    const goto = new Map<number, number>();
    for (const [symbol, state] of set.moves) {
      if (symbol < this.#terminalCount) actions.set(symbol, { kind: 'shift', state });
      else goto.set(symbol, state);
    }
    const kernel = set.kernel.map((item, index) => [item, new Set(set.lookaheads[index])] as const);
    for (const [item, lookaheads] of this.#closureWithLookaheads(kernel)) {
      const rule = item >> dotBits;
      if ((item & dotMask) < this.#rules[rule].right.length) continue;
      for (const terminal of lookaheads)
        actions.set(terminal, this.#resolve(actions.get(terminal), terminal, rule));
    }
    return withDefault(actions, goto);
  }

  /** The action where `rule` may be reduced; `shift` as well where that is given. */
  #resolve(other: Action | undefined, terminal: number, rule: number): Action {
    const reduce: Action = { kind: 'reduce', rule };
    if (other?.kind !== 'shift') return reduce;
    const operator = this.#levels.get(terminal);
    const level = this.#rules[rule].level;
    if (!operator || level === 0 || operator.level > level) return other;
    if (operator.level < level || operator.side === 'left') return reduce;
    return operator.side === 'right' ? other : { kind: 'error' };
  }
}

/** Takes the most frequent reduction out of the table and makes it the default. */
function withDefault(actions: Map<number, Action>, goto: Map<number, number>): ParserState {
  const counts = new Map<number, number>();
  for (const action of actions.values()) {
    if (action.kind === 'reduce') counts.set(action.rule, (counts.get(action.rule) ?? 0) + 1);
  }
  let defaultReduction: number | undefined;
  for (const [rule, count] of [...counts].sort((a, b) => a[0] - b[0])) {
    if (defaultReduction === undefined || count > (counts.get(defaultReduction) ?? 0))
      defaultReduction = rule;
  }
  for (const [terminal, action] of actions) {
    const isDefault = action.kind === 'reduce' && action.rule === defaultReduction;
    if (isDefault || (action.kind === 'error' && defaultReduction === undefined)) actions.delete(terminal);
  }
  return { actions, defaultReduction, goto };
}
