/** `nix flake lock|update|metadata|show|check|init`. */
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NixError, UsageError } from '../diagnostics/index.ts';
import type { FlakeInfo } from '../session/index.ts';
import { finalSettings } from './common-flags.ts';
import { type ShownNode, showExpression, showTree } from './flake-show.ts';
import {
  evaluateFlake,
  type FlakeOptions,
  findAttribute,
  flakeSource,
  openFlake,
  splitInstallable,
  textOf,
} from './flake-support.ts';
import type { RunningCommand } from './program.ts';

export interface FlakeCommandOptions {
  readonly flake: FlakeOptions;
  json: boolean;
  allSystems: boolean;
  noBuild: boolean;
  template: string;
  /** `--flake`, or the directory at hand. */
  flakeRef: string | undefined;
}

/** Runs a subcommand with its arguments; the exit status. */
export async function runFlakeCommand(
  words: readonly string[],
  options: FlakeCommandOptions,
  running: RunningCommand,
): Promise<number> {
  const [verb, ...args] = words;
  const ref = options.flakeRef ?? args[0] ?? '.';
  switch (verb) {
    case 'lock':
      await openFlake(running, ref, options.flake);
      return 0;
    case 'update':
      return update(args, options, running);
    case 'metadata':
    case 'info':
      return metadata(await openFlake(running, ref, options.flake), options, running);
    case 'show':
      return show(ref, options, running);
    case 'check':
      return check(ref, options, running);
    case 'init':
      return init(options, running);
    default:
      throw new UsageError(
        verb === undefined ? "'nix flake' needs a subcommand" : `unknown subcommand 'flake ${verb}'`,
        {
          hint: 'it has: lock, update, metadata, show, check, init',
        },
      );
  }
}

/** Of the arguments those that are names are inputs to update; without any all inputs are. */
async function update(
  inputs: readonly string[],
  options: FlakeCommandOptions,
  running: RunningCommand,
): Promise<number> {
  const wanted = { ...options.flake, updates: [...inputs], recreate: inputs.length === 0 };
  await openFlake(running, options.flakeRef ?? '.', wanted);
  return 0;
}

function metadata(info: FlakeInfo, options: FlakeCommandOptions, running: RunningCommand): number {
  if (options.json) {
    const { description, lastModified, original, originalUrl, resolved, resolvedUrl, path, locked } = info;
    const { rev, dirtyRev, revCount } = locked as { rev?: string; dirtyRev?: string; revCount?: number };
    const json = {
      ...(description !== undefined && { description }),
      ...(lastModified !== undefined && { lastModified }),
      locked,
      locks: JSON.parse(info.lockFile) as unknown,
      original,
      originalUrl,
      path,
      resolved,
      resolvedUrl,
      ...(rev !== undefined && { revision: rev }),
      ...(dirtyRev !== undefined && { dirtyRevision: dirtyRev }),
      ...(revCount !== undefined && { revCount }),
      url: info.lockedUrl,
    };
    running.print(`${JSON.stringify(json)}\n`);
    return 0;
  }
  const locked = info.locked as { rev?: string; dirtyRev?: string; revCount?: number };
  const date = info.lastModified === undefined ? undefined : new Date(info.lastModified * 1000);
  const rows: [string, string | undefined][] = [
    ['Resolved URL:', info.resolvedUrl],
    ['Locked URL:', info.lockedUrl],
    ['Description:', info.description],
    ['Path:', info.path],
    ['Revision:', locked.rev ?? locked.dirtyRev],
    ['Revisions:', locked.revCount === undefined ? undefined : String(locked.revCount)],
    ['Last modified:', date?.toISOString().slice(0, 19).replace('T', ' ')],
  ];
  for (const [label, text] of rows) if (text !== undefined) running.print(`${label.padEnd(14)} ${text}\n`);
  if (info.tree !== '') running.print(`Inputs:\n${info.tree}\n`);
  return 0;
}

async function show(ref: string, options: FlakeCommandOptions, running: RunningCommand): Promise<number> {
  const info = await openFlake(running, ref, options.flake);
  const settings = finalSettings(running.invocation);
  const system = settings['eval-system'] || settings.system;
  const source = { ...flakeSource(ref, options.flake), apply: showExpression(system, options.allSystems) };
  const tree = JSON.parse(textOf(await evaluateFlake(running, source, ['shown'], 'json'))) as ShownNode;
  if (options.json) running.print(`${JSON.stringify(tree.children ?? {})}\n`);
  else running.print(`${info.lockedUrl}\n${showTree(tree)}`);
  return 0;
}

/** Every package, check and shell of the system must be a derivation; the checks are built. */
async function check(ref: string, options: FlakeCommandOptions, running: RunningCommand): Promise<number> {
  await openFlake(running, ref, options.flake);
  const settings = finalSettings(running.invocation);
  const system = settings['eval-system'] || settings.system;
  const source = flakeSource(ref, options.flake);
  const outputs = JSON.parse(
    textOf(await evaluateFlake(running, { ...source, apply: namesExpression }, ['shown'], 'json')),
  ) as Record<string, Record<string, string[]>>;
  const toBuild: { drvPath: string; outputs: string[] }[] = [];
  for (const kind of ['packages', 'devShells', 'checks']) {
    for (const name of outputs[kind]?.[system] ?? []) {
      const path = `flake.outputs.${kind}.${system}."${name}"`;
      const answer = await evaluateFlake(running, source, [path], 'derivations');
      const [drv] = answer.kind === 'derivations' ? answer.derivations : [];
      if (!drv) throw new NixError(`flake attribute '${kind}.${system}.${name}' is not a derivation`);
      if (kind === 'checks') toBuild.push({ drvPath: drv.drvPath, outputs: [drv.outputName] });
    }
  }
  if (!options.noBuild && toBuild.length > 0) await (await running.session()).build(toBuild);
  return 0;
}

/** The names below each output, by system. */
const namesExpression =
  'flake: builtins.mapAttrs (_: out: if builtins.isAttrs out then builtins.mapAttrs (_: v: if builtins.isAttrs v then builtins.attrNames v else [ ]) out else { }) flake.outputs';

/** Copies a template's files into the current directory; files that are there stay as they are. */
async function init(options: FlakeCommandOptions, running: RunningCommand): Promise<number> {
  const { flake, attribute } = splitInstallable(options.template);
  await openFlake(running, flake, { ...options.flake, write: false });
  const source = flakeSource(flake, options.flake);
  const name = attribute === '' ? 'default' : attribute;
  const path = await findTemplate(running, source, name);
  const shown = textOf(await evaluateFlake(running, source, [`${path}.path`], 'value'));
  const directory = shown.replace(/^"|"$/g, '');
  const real = (await running.session()).realPath(directory);
  const copied = copyTemplate(real, resolve('.'), running);
  if (copied === 0) running.logger.warn('the template has no files that are not there already');
  return 0;
}

async function findTemplate(
  running: RunningCommand,
  source: ReturnType<typeof flakeSource>,
  name: string,
): Promise<string> {
  try {
    return await findAttribute(running, source, `.templates.${name}`);
  } catch (error) {
    if (!(error instanceof NixError) || name !== 'default') throw error;
    return findAttribute(running, source, '.defaultTemplate');
  }
}

function copyTemplate(from: string, to: string, running: RunningCommand, below = ''): number {
  let copied = 0;
  for (const name of readdirSync(join(from, below))) {
    const relative = join(below, name);
    const target = join(to, relative);
    if (statSync(join(from, relative)).isDirectory()) copied += copyTemplate(from, to, running, relative);
    else if (existsSync(target)) running.logger.warn(`not overwriting '${target}'`);
    else {
      cpSync(join(from, relative), target, { dereference: false, mode: 0 });
      running.logger.log(3, `wrote: '${target}'`);
      copied++;
    }
  }
  return copied;
}
