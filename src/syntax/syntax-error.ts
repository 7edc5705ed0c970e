/**
 * Explaining a syntax error as C++ Nix does: "unexpected X, expecting Y or Z". The text is read again, token by
 * token, through the LALR(1) automaton of Nix's grammar; where that gets stuck, the message names the token and
 * (when there are at most four) those that the state lists. Slow and exact; runs only after the parser failed.
 */
import type { ParseError, SourceFile } from '../diagnostics/index.ts';
import { syntaxError } from './errors.ts';
import { precedences, rules, terminals } from './grammar.ts';
import { buildTables, type ParserState, type ParserTables } from './lalr.ts';
import { TokenStream } from './token-stream.ts';
import { Token } from './tokens.ts';

let tables: ParserTables | undefined;
const symbolOf = new Map<Token, number>();

function loadTables(): ParserTables {
  if (tables) return tables;
  tables = buildTables({ terminals: terminals.map(([symbol]) => symbol), precedences, rules });
  terminals.forEach(([, , token], symbol) => {
    if (token !== undefined) symbolOf.set(token, symbol);
  });
  return tables;
}

/** The error of a text that the parser could not read. */
export function explainSyntaxError(source: SourceFile, pipeOperators: boolean): ParseError {
  const { rules, states } = loadTables();
  const stream = new TokenStream(source, pipeOperators);
  const stack = [0];
  let symbol: number | undefined;
  for (;;) {
    const state = states[stack[stack.length - 1]];
    let rule = state.defaultReduction;
    if (state.actions.size > 0) {
      if (symbol === undefined) {
        stream.advance();
        symbol = symbolOf.get(stream.token) as number;
      }
      const action = state.actions.get(symbol);
      if (action?.kind === 'shift') {
        stack.push(action.state);
        symbol = undefined;
        continue;
      }
      if (action?.kind === 'error') rule = undefined;
      else if (action?.kind === 'reduce') rule = action.rule;
      if (rule === undefined) return unexpected(source, stream, symbol, state);
    }
    const { left, right } = rules[rule as number];
    // Reducing by the start rule would accept: the parser and this grammar disagree, which is a bug here.
    if (rule === 0)
      throw new Error(`internal error: '${source.displayName}' was refused but has no syntax error`);
    stack.length -= right.length;
    stack.push(states[stack[stack.length - 1]].goto.get(left) as number);
  }
}

function unexpected(source: SourceFile, stream: TokenStream, symbol: number, state: ParserState): ParseError {
  const expected = [...state.actions]
    .filter(([, action]) => action.kind !== 'error')
    .map(([terminal]) => terminal)
    .sort((a, b) => a - b)
    .map((terminal) => terminals[terminal][1]);
  const list = expected.length > 0 && expected.length <= 4 ? `, expecting ${expected.join(' or ')}` : '';
  const endOffset = stream.endPosition >= 0 ? stream.endPosition : stream.end;
  const offset = stream.token === Token.endOfFile ? endOffset : stream.pos;
  return syntaxError(source, offset, `unexpected ${terminals[symbol][1]}${list}`);
}
