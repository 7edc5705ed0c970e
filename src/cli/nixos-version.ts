/**
 * `nixos-version`: the version of the running NixOS system, read from `/run/current-system`; outside of one, the
 * version that `<nixpkgs/nixos>` of this session would give, said so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { decodeBytes, UsageError } from '../diagnostics/index.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  form: 'text' | 'hash' | 'json';
}

interface VersionData {
  readonly nixosVersion: string;
  readonly codeName: string;
  readonly nixpkgsRevision: string | null;
  readonly configurationRevision: string | null;
}

const dataFile = '/run/current-system/nixos-version.json';

export const command: Command = {
  prepare: () => {
    const options: Options = { form: 'text' };
    return {
      line: {
        usage: ['[--hash | --revision] [--json]'],
        summary: 'Prints the version of the running NixOS system.',
        flags: [
          {
            long: 'hash',
            aliases: ['revision', 'nixpkgs-revision'],
            description: "print only the channel's revision",
            apply: () => void (options.form = 'hash'),
          },
          {
            long: 'json',
            description: 'print everything as JSON',
            apply: () => void (options.form = 'json'),
          },
        ],
      },
      run: (running) => run(options, running),
    };
  },
};

async function run(options: Options, running: RunningCommand): Promise<number> {
  const data = existsSync(dataFile)
    ? (JSON.parse(readFileSync(dataFile, 'utf8')) as VersionData)
    : await versionOfChannel(running);
  if (options.form === 'json') running.print(`${JSON.stringify(data, null, 2)}\n`);
  else if (options.form === 'text') running.print(`${data.nixosVersion} (${data.codeName})\n`);
  else if (data.nixpkgsRevision) running.print(`${data.nixpkgsRevision}\n`);
  else
    throw new UsageError('the revision of this system is not known', {
      hint: 'its channel was not made by nix-channel --update',
    });
  return 0;
}

/** This machine runs no NixOS: the version that a configuration built now would have. */
async function versionOfChannel(running: RunningCommand): Promise<VersionData> {
  const session = await running.session();
  running.logger.warn("this is not a NixOS machine; showing the version of '<nixpkgs>'");
  const text =
    'with (import <nixpkgs/nixos> { configuration = { }; }).config.system.nixos; { nixosVersion = version; inherit codeName; nixpkgsRevision = revision; configurationRevision = null; }';
  const answer = await session.evaluate({
    source: { kind: 'text', text, basePath: '/' },
    attrPaths: [''],
    args: [],
    output: 'json',
    strict: true,
    writeStore: false,
  });
  if (answer.kind !== 'texts') throw new Error('the evaluator did not answer with a text');
  return JSON.parse(decodeBytes(answer.texts[0])) as VersionData;
}
