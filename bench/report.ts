/** The table: a row for each case, times with their ratio to each C++ Nix. Markdown, as `docs/performance.md` has it. */
import type { Case } from './cases.ts';
import type { Figures } from './measure.ts';
import type { Subject } from './subjects.ts';

export interface Row {
  readonly case: Case;
  /** Firn first, then each C++ Nix. */
  readonly figures: readonly (readonly [Subject, Figures])[];
}

export function tableHead(subjects: readonly Subject[]): string {
  const columns = ['what', ...subjects.map(({ name }) => name), 'must', 'aim'];
  return `${line(columns)}\n${line(columns.map(() => '---'))}`;
}

export function formatRow({ case: one, figures }: Row): string {
  const [[, own], ...others] = figures;
  const cells = others.map(([, other]) => `${amount(one, other)} (${ratios(one, own, other)})`);
  return line([one.name, amount(one, own), ...cells, limit(one, 'must'), limit(one, 'aim')]);
}

/** A row of times that were measured once: Firn's, and others' with the ratio to each; empty where there is none. */
export function formatTimes(name: string, own: number, others: readonly (number | undefined)[]): string {
  const cells = others.map((other) =>
    other === undefined ? '' : `${seconds(other)} (${ratio(own, other)})`,
  );
  return line([name, seconds(own), ...cells, '', '']);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function amount({ quantity }: Case, figures: Figures): string {
  if (quantity === 'memory') return `${(figures.peakMemory / 1e6).toFixed(0)} MB`;
  return `${seconds(figures.wall)}, CPU ${seconds(figures.processor)}`;
}

function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`;
}

/** How many times the other's figure ours is: of the time, and of the processor time. */
function ratios({ quantity }: Case, own: Figures, other: Figures): string {
  if (quantity === 'memory') return ratio(own.peakMemory, other.peakMemory);
  return `${ratio(own.wall, other.wall)}, CPU ${ratio(own.processor, other.processor)}`;
}

function ratio(own: number, other: number): string {
  return `×${(own / other).toFixed(2)}`;
}

function limit(one: Case, which: 'must' | 'aim'): string {
  const milliseconds = which === 'must' ? one.mustMilliseconds : one.aimMilliseconds;
  if (milliseconds !== undefined) return `${milliseconds} ms`;
  return one[which] === undefined ? '' : `×${one[which]}`;
}
