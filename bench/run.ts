/**
 * `npm run bench`: Firn's times beside C++ Nix's, measured in turns in the same run.
 *
 *   npm run bench -- [--tree NAME=NIXPKGS]... [--channel TREE] [--runs N] [--only TEXT] [--json FILE]
 *
 * `--tree 20.09=DIR` adds the cases of a nixpkgs checkout, `--channel DIR` those of the example system (else the test
 * toolbox's tree is taken, if it is there): its evaluation, its build from fetched packages and its boot. C++ Nix
 * comes from `FIRN_BENCH_ORACLE` (a directory or a program, several separated by `:`; the first one builds, too), else
 * from the test toolbox; without one, only Firn is measured.
 */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleIsStale, writeBundle } from '../scripts/bundle.ts';
import { deleteTree } from '../src/platform/index.ts';
import { type Case, cases } from './cases.ts';
import { benchMachine } from './machine.ts';
import { type Figures, measure, type Run, summarise } from './measure.ts';
import { formatRow, type Row, tableHead } from './report.ts';
import { type Evaluation, firn, oracle, type Subject } from './subjects.ts';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

interface Options {
  readonly trees: ReadonlyMap<string, string>;
  readonly channel: string | undefined;
  readonly oracles: readonly string[];
  readonly runs: number;
  readonly only: string;
  readonly json: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      tree: { type: 'string', multiple: true, default: [] },
      channel: { type: 'string' },
      runs: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
    },
  });
  const toolbox = join(
    process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '', '.cache'),
    'firn/test-toolbox',
  );
  const inToolbox = (name: string) => (existsSync(join(toolbox, name)) ? join(toolbox, name) : undefined);
  const prepared = ['oracle', 'oracle-2.8'].flatMap((name) => inToolbox(name) ?? []).join(':');
  const named = process.env['FIRN_BENCH_ORACLE'] ?? process.env['FIRN_TEST_ORACLE'] ?? prepared;
  return {
    trees: new Map(values.tree.map(treeArgument)),
    channel: values.channel ?? process.env['FIRN_TEST_NIXPKGS'] ?? inToolbox('machines/tree'),
    oracles: named.split(':').filter((place) => place !== ''),
    runs: Number(values.runs),
    only: values.only,
    json: values.json,
  };
}

function treeArgument(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new Error(`'--tree ${text}': expected NAME=DIRECTORY`);
  return [text.slice(0, equals), resolve(text.slice(equals + 1))];
}

/** What is evaluated in the nth turn. */
function inTurn(evaluation: Evaluation, turn: number): Evaluation {
  const { args, turnMark } = evaluation;
  if (turnMark === undefined) return evaluation;
  return { ...evaluation, args: args.map((text) => text.replaceAll(turnMark, String(turn))) };
}

/** Ends the evaluator that Firn left running, if any. */
async function stopEvaluator(subject: Subject): Promise<void> {
  await measure(subject.command('firn', { args: ['evaluator', 'stop'] })).catch(() => {});
}

/** Measures a case with all subjects in turns; the first turns only warm files and caches. */
async function runCase(one: Case, subjects: readonly Subject[], runs: number): Promise<Row> {
  const all = new Map<Subject, Run[]>(subjects.map((subject) => [subject, []]));
  const { warmUps = 1 } = one;
  for (let turn = 0; turn < warmUps + runs; turn++) {
    const outputs = new Set<string>();
    for (const subject of subjects) {
      const run = await measure(
        subject.command(one.program ?? 'nix-instantiate', inTurn(one.evaluation, turn)),
      );
      outputs.add(run.output);
      if (turn >= warmUps) all.get(subject)!.push(run);
    }
    if (one.sameOutput && outputs.size > 1)
      throw new Error(`'${one.name}': the results differ:\n${[...outputs].join('\n')}`);
  }
  for (const subject of subjects.filter(({ isFirn }) => isFirn)) await stopEvaluator(subject);
  const figures = new Map<Subject, Figures>([...all].map(([subject, some]) => [subject, summarise(some)]));
  return { case: one, figures: [...figures] };
}

/** The rows of the example machine, where there is a channel. */
async function runMachine({ channel, oracles, only }: Options, directory: string): Promise<void> {
  if (channel !== undefined)
    await benchMachine({ repository, channel, oracles, directory }, only, (row) => console.log(row));
}

async function main(): Promise<void> {
  const options = readOptions();
  if (bundleIsStale()) await writeBundle();
  const directory = mkdtempSync(join(tmpdir(), 'firn-bench-'));
  try {
    const subjects: Subject[] = [
      firn(repository, join(directory, 'firn')),
      ...options.oracles.map((place, i) => oracle(place, join(directory, `oracle-${i}`))),
    ];
    const wanted = cases({ repository, nixpkgs: options.trees, channel: options.channel }).filter(
      ({ name }) => name.includes(options.only),
    );
    console.log(tableHead(subjects));
    const rows: Row[] = [];
    for (const one of wanted) {
      const row = await runCase(one, subjects, options.runs);
      rows.push(row);
      console.log(formatRow(row));
    }
    await runMachine(options, directory);
    if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(rows, null, 2));
  } finally {
    await deleteTree(directory);
  }
}

await main();
