/** The hand-written parser and the grammar's automaton must accept and refuse the same texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ParseError, SourceFile } from '../diagnostics/index.ts';
import { parse } from './index.ts';
import { explainSyntaxError } from './syntax-error.ts';

const pieces =
  `a b or x: 1 .5 "s" "\${ }" '' ''\${ ./p ./p/\${ ~/h <n> x:x ( ) { } [ ] let in rec inherit if then else
assert with ; : @ , ? . = == != < > <= >= && || -> // ++ + - * / ! ... \${ " $ ^`.split(/\s+/);

function sourceOf(text: string): SourceFile {
  return new SourceFile({ kind: 'string', basePath: '/' }, text);
}

function parserAccepts(text: string): boolean {
  try {
    parse(sourceOf(text), { basePath: '/', homeDir: '/' });
    return true;
  } catch (error) {
    assert.ok(error instanceof ParseError, String(error));
    // Checks of meaning come only after the syntax was found to be right so far.
    return error.code !== 'syntax';
  }
}

function grammarAccepts(text: string): boolean {
  try {
    explainSyntaxError(sourceOf(text), false);
    return false;
  } catch (error) {
    return !(error instanceof ParseError) || error.code !== 'syntax';
  }
}

test('parser and grammar agree on random token sequences', () => {
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(texts, (text) => {
      // A lexical or semantic error may hide the rest of the text from one of the two.
      if (parserAccepts(text) && !grammarAccepts(text)) {
        try {
          parse(sourceOf(text), { basePath: '/', homeDir: '/' });
        } catch {
          return;
        }
        assert.fail('the grammar refuses what the parser accepts');
      }
      // That the grammar explains each refusal is asserted inside the parser (an internal error otherwise).
    }),
    { numRuns: 3000 },
  );
});
