/** `nix-hash`: hashes of files and trees, and conversions between the forms in which hashes are written. */
import { resolve } from 'node:path';
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import {
  compressDigest,
  formatHash,
  type Hash,
  type HashAlgorithm,
  type HashFormat,
  parseHash,
  parseHashAlgorithm,
} from '../formats/index.ts';
import { dumpFile, dumpTree, HashSink } from '../store/index.ts';
import type { Flag } from './command-line.ts';
import type { Command, RunningCommand } from './program.ts';
import { requireFile } from './store-operations.ts';

interface Options {
  readonly positional: string[];
  algorithm: HashAlgorithm | undefined;
  format: HashFormat;
  convert: boolean;
  flat: boolean;
  truncate: boolean;
}

export const command: Command = {
  prepare: () => {
    const options: Options = {
      positional: [],
      algorithm: undefined,
      format: 'base16',
      convert: false,
      flat: false,
      truncate: false,
    };
    return {
      line: {
        usage: [
          '[--flat] [--type ALGORITHM] [--base16 | --base32 | --base64 | --sri] PATH...',
          '--to-FORM HASH...',
        ],
        summary:
          'Prints the hash of files or trees: of their NAR, or with --flat of the file itself. With --to-base16, --to-base32, --to-base64 or --to-sri it converts hashes.',
        flags: flags(options),
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

const formats: readonly (readonly [name: string, format: HashFormat])[] = [
  ['base16', 'base16'],
  ['base32', 'nix32'],
  ['base64', 'base64'],
  ['sri', 'sri'],
];

function flags(options: Options): Flag[] {
  return [
    {
      long: 'flat',
      description: 'hash the file itself, not its NAR',
      apply: () => void (options.flat = true),
    },
    {
      long: 'type',
      values: ['ALGORITHM'],
      description: 'md5 (the default), sha1, sha256 or sha512',
      apply: (name) => void (options.algorithm = parseHashAlgorithm(name)),
    },
    {
      long: 'truncate',
      description: 'fold the digest to 160 bits',
      apply: () => void (options.truncate = true),
    },
    ...formats.map(([name, format]) => ({
      long: name,
      description: `print in ${name === 'sri' ? 'SRI form' : name}`,
      apply: () => void (options.format = format),
    })),
    ...formats.map(([name, format]) => ({
      long: `to-${name}`,
      description: `convert hashes to ${name === 'sri' ? 'SRI form' : name}`,
      apply: () => {
        options.convert = true;
        options.format = format;
      },
    })),
  ];
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  if (options.positional.length === 0)
    throw new UsageError(options.convert ? 'no hash was given' : 'no path was given', {
      hint: "try 'nix-hash --help'",
    });
  for (const argument of options.positional) {
    const hash = options.convert ? parseHash(argument, options.algorithm) : await hashPath(argument, options);
    running.print(`${formatHash(hash, options.format, false)}\n`);
  }
  return 0;
}

async function hashPath(argument: string, options: Options): Promise<Hash> {
  const path = resolve(argument);
  requireFile(path);
  const sink = new HashSink(options.algorithm ?? 'md5');
  const write = (chunk: Uint8Array) => sink.write(chunk);
  if (options.flat) await dumpFile(encodeBytes(path), write);
  else await dumpTree(encodeBytes(path), write);
  const hash = sink.finish();
  if (!options.truncate || hash.digest.length <= 20) return hash;
  return { ...hash, digest: compressDigest(hash.digest, 20) };
}
