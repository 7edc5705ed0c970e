/** What the commands on flakes share: asking for a flake, writing its lock file, finding an attribute in it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeBytes, encodeBytes, NixError, UsageError } from '../diagnostics/index.ts';
import { runProcess } from '../platform/index.ts';
import type { EvaluationAnswer, EvaluationOutput, FlakeInfo, FlakeSource } from '../session/index.ts';
import { finalSettings } from './common-flags.ts';
import type { RunningCommand } from './program.ts';

export interface FlakeOptions {
  readonly updates: string[];
  readonly overrides: [string, string][];
  recreate: boolean;
  /** `false`: a changed lock file is used, but not written. */
  write: boolean;
  /** `false`: a changed lock file is an error. */
  mayChange: boolean;
  commit: boolean;
}

export function newFlakeOptions(): FlakeOptions {
  return { updates: [], overrides: [], recreate: false, write: true, mayChange: true, commit: false };
}

/** `FLAKE#ATTRIBUTE^OUTPUTS`; the flake is the current directory unless told otherwise. */
export function splitInstallable(text: string): {
  flake: string;
  attribute: string;
  outputs: string | undefined;
} {
  const caret = /\^([a-z0-9_,*.-]+)$/i.exec(text);
  const plain = caret ? text.slice(0, caret.index) : text;
  const hash = plain.indexOf('#');
  const flake = hash < 0 ? plain : plain.slice(0, hash);
  const attribute = hash < 0 ? '' : decodeURIComponent(plain.slice(hash + 1));
  return { flake: flake === '' ? '.' : flake, attribute, outputs: caret?.[1] };
}

export function flakeSource(ref: string, options: FlakeOptions): FlakeSource {
  return {
    kind: 'flake',
    ref: encodeBytes(ref),
    basePath: encodeBytes(process.cwd()),
    updates: options.updates,
    overrides: options.overrides,
    recreate: options.recreate,
  };
}

/** Evaluates attributes of `{ info; flake; }`. */
export async function evaluateFlake(
  running: RunningCommand,
  source: FlakeSource,
  attrPaths: readonly string[],
  output: EvaluationOutput,
): Promise<EvaluationAnswer> {
  const session = await running.session();
  return session.evaluate({
    source,
    attrPaths: attrPaths.map(encodeBytes),
    args: [],
    output,
    strict: true,
    writeStore: true,
  });
}

/** The one text of an evaluation. */
export function textOf(answer: EvaluationAnswer): string {
  return answer.kind === 'texts' ? decodeBytes(answer.texts[0]) : '';
}

/**
 * What is known of a flake, after its lock file was brought up to date and written where that is allowed.
 *
 * @throws NixError when the flake cannot be had, or its lock file must not be changed
 */
export async function openFlake(
  running: RunningCommand,
  ref: string,
  options: FlakeOptions,
): Promise<FlakeInfo> {
  const settings = finalSettings(running.invocation);
  if (!settings['experimental-features'].includes('flakes')) {
    throw new UsageError("experimental Nix feature 'flakes' is disabled", {
      hint: "add '--extra-experimental-features flakes', or 'experimental-features = nix-command flakes' to nix.conf",
    });
  }
  const answer = await evaluateFlake(running, flakeSource(ref, options), ['info'], 'raw');
  const info = JSON.parse(textOf(answer)) as FlakeInfo;
  if (info.changes === '') return info;
  if (!options.mayChange) {
    throw new NixError(
      `flake '${info.originalUrl}' requires lock file changes but they're not allowed due to '--no-update-lock-file'`,
    );
  }
  await writeLockFile(running, info, options);
  return info;
}

async function writeLockFile(running: RunningCommand, info: FlakeInfo, options: FlakeOptions): Promise<void> {
  const { logger } = running;
  const changes = info.changes.trimEnd();
  if (!options.write) {
    logger.warn(`not writing modified lock file of flake '${info.originalUrl}':\n${changes}`);
    return;
  }
  if (info.unlocked !== undefined) {
    logger.warn(
      `not writing lock file of flake '${info.originalUrl}' because it has an unlocked input ('${info.unlocked}')`,
    );
    return;
  }
  if (info.directory === undefined) {
    throw new NixError(
      `cannot write modified lock file of flake '${info.originalUrl}' (use '--no-write-lock-file' to ignore)`,
    );
  }
  const file = join(info.directory, 'flake.lock');
  const isNew = !existsSync(file);
  writeFileSync(file, info.lockFile, 'utf8');
  logger.warn(`${isNew ? 'creating' : 'updating'} lock file '${file}':\n${changes}`);
  await addToGit(
    file,
    options.commit
      ? `flake.lock: ${isNew ? 'Add' : 'Update'}\n\nFlake lock file updates:\n\n${info.changes}`
      : undefined,
  );
}

/** Lets git know of a new lock file, so that the flake's tree has it; commits it when there is a message. */
async function addToGit(file: string, message: string | undefined): Promise<void> {
  const directory = dirname(file);
  const git = (args: readonly string[]) => runProcess({ program: 'git', args: ['-C', directory, ...args] });
  if (!isInRepository(directory)) return;
  await git(['add', '--intent-to-add', '--', file]);
  if (message !== undefined) await git(['commit', '--quiet', '-m', message, '--', file]);
}

function isInRepository(start: string): boolean {
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true;
    if (at === dirname(at)) return false;
  }
}

/** The text of a lock file, to see whether it is there at all. */
export function currentLockFile(info: FlakeInfo): string | undefined {
  const file = info.directory === undefined ? undefined : join(info.directory, 'flake.lock');
  return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * The attribute path of an installable: as given after a dot, else below the system's packages, else as given.
 *
 * @throws NixError when there is none
 */
export async function findAttribute(
  running: RunningCommand,
  source: FlakeSource,
  attribute: string,
): Promise<string> {
  const settings = finalSettings(running.invocation);
  const system = settings['eval-system'] || settings.system;
  const candidates = attributeCandidates(attribute, system);
  for (const candidate of candidates) {
    try {
      await evaluateFlake(running, source, [`flake.outputs.${candidate}`], 'type');
      return `flake.outputs.${candidate}`;
    } catch (error) {
      if (!(error instanceof NixError) || error.code !== 'attr-path') throw error;
    }
  }
  const shown = candidates.map((candidate) => `'${candidate}'`);
  throw new NixError(
    `flake '${source.ref}' does not provide attribute ${shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : shown[0]}`,
    { code: 'attr-path', hint: `'nix flake show ${source.ref}' lists what it has` },
  );
}

function attributeCandidates(attribute: string, system: string): string[] {
  if (attribute.startsWith('.')) return [attribute.slice(1)];
  if (attribute === '') return [`packages.${system}.default`, `defaultPackage.${system}`];
  return [`packages.${system}.${attribute}`, `legacyPackages.${system}.${attribute}`, attribute];
}
