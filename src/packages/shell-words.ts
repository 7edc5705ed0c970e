/** Words of a command line as a shell splits them, and words quoted for a shell. */
import { UsageError } from '../diagnostics/index.ts';

/** The text in single quotes. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Splits a line at blanks; single and double quotes and backslashes keep them. Nothing is expanded.
 *
 * @throws UsageError for a quote without end
 */
export function splitShellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i];
    if (character === '\\' && quote !== "'") word = (word ?? '') + (line[++i] ?? '');
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = '';
    else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== '')
    throw new UsageError(`a quote without end in '${line}'`, { hint: `close it with ${quote}` });
  return word === undefined ? words : [...words, word];
}
