/** The cases: what `docs/performance.md` has a row for. */
import { join } from 'node:path';
import type { Evaluation } from './subjects.ts';

/** Which figure of a run counts. */
export type Quantity = 'time' | 'memory';

export interface Case {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly quantity: Quantity;
  /** The program; `nix-instantiate` unless said. */
  readonly program?: string;
  /** Turns before the first that counts; 1 unless said. */
  readonly warmUps?: number;
  /** Whether the outputs of Firn and C++ Nix must be the same. */
  readonly sameOutput: boolean;
  /** Largest ratio to C++ Nix's time that is good enough, and the one to aim at. */
  readonly must?: number;
  readonly aim?: number;
  /** Limits in milliseconds instead of ratios. */
  readonly mustMilliseconds?: number;
  readonly aimMilliseconds?: number;
}

export interface Trees {
  readonly repository: string;
  /** Name -> a nixpkgs checkout: `20.09`, `15.09`. */
  readonly nixpkgs: ReadonlyMap<string, string>;
  /** A channel tree with the distribution, for the example. */
  readonly channel: string | undefined;
}

const anew = ['--option', 'eval-cache', 'false'];
const noCaches = [...anew, '--option', 'parse-cache', 'false'];
const resident = [...anew, '--option', 'resident-evaluator', 'true'];
/** Turns until a resident evaluator is warm: in the first one it is only started. */
const residentWarmUps = 5;
/** Stands for the number of the turn. */
const turn = '@TURN@';

/** All cases that the trees at hand allow. */
export function cases(trees: Trees): Case[] {
  return [
    startUp(),
    ...[...trees.nixpkgs].flatMap(([name, path]) => treeCases(name, path)),
    ...small(),
    ...modules(trees.repository),
    ...example(trees),
  ];
}

function startUp(): Case {
  return {
    name: "start-up: nix-instantiate --eval -E '1+1'",
    evaluation: { args: ['--eval', '-E', '1+1'] },
    quantity: 'time',
    sameOutput: true,
    mustMilliseconds: 80,
    aimMilliseconds: 40,
  };
}

function treeCases(name: string, path: string): Case[] {
  const system = systemOf(path);
  const isBig = name === '20.09';
  const evaluate = (firnArgs: readonly string[]): Evaluation => ({
    args: ['--eval', '-E', system],
    firnArgs,
  });
  const row = (what: string, firnArgs: readonly string[], must: number, aim: number): Case => ({
    name: `${name} system, ${what}`,
    evaluation: evaluate(firnArgs),
    quantity: 'time',
    sameOutput: true,
    must,
    aim,
  });
  return [
    ...(isBig ? [row('cold, no cache of ours', noCaches, 1.5, 1)] : []),
    row('cold process, parse cache on disk', anew, isBig ? 1.2 : 1.5, isBig ? 0.8 : 1),
    row('the same command again (evaluation cache)', [], 0.15, 0.05),
    oneLineEdited(name, path),
    ...(isBig ? [{ ...row('peak memory', noCaches, 1.5, 1), quantity: 'memory' as const }] : []),
    ...['hello', 'firefox'].map((attribute) => ({
      ...row('', anew, 2, 1),
      name: `${name} package ${attribute}, parse cache on disk`,
      evaluation: {
        args: ['--eval', '-E', `(import ${path} { }).${attribute}.drvPath`],
        firnArgs: anew,
      },
    })),
    ...['hello', 'firefox'].map((attribute) => ({
      ...row('', resident, 1, 0.5),
      name: `${name} package ${attribute}, resident evaluator`,
      warmUps: residentWarmUps,
      evaluation: {
        args: ['--eval', '-E', `(import ${path} { }).${attribute}.drvPath`],
        firnArgs: resident,
      },
    })),
  ];
}

/** The system with another host name in each turn, so that its `.drv` is another one. */
function oneLineEdited(name: string, path: string): Case {
  const system = systemOf(path).replace('"bench"', `"bench${turn}"`);
  return {
    name: `${name} system, one line edited, resident evaluator`,
    evaluation: { args: ['--eval', '-E', system], turnMark: turn, firnArgs: resident },
    quantity: 'time',
    warmUps: residentWarmUps,
    sameOutput: true,
    must: 0.5,
    aim: 0.2,
  };
}

/** A server with SSH: as small as a NixOS system of those trees gets that somebody may log in to. */
function systemOf(path: string): string {
  return `(import ${path}/nixos {
    configuration = { pkgs, ... }: {
      boot.loader.grub.device = "/dev/sda";
      fileSystems."/" = { device = "/dev/sda1"; fsType = "ext4"; };
      services.openssh.enable = true;
      networking.hostName = "bench";
    };
    system = "x86_64-linux";
  }).system.drvPath`;
}

const expressions: Readonly<Record<string, string>> = {
  'fib 25': 'let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 25',
  "foldl' over 10^6": "builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 1000000)",
  'updates of a set of 20,000 attributes': `let
      base = builtins.listToAttrs (builtins.genList (i: { name = "n\${toString i}"; value = i; }) 20000);
      update = set: i: set // { "x\${toString i}" = i; n5 = i; };
    in builtins.length (builtins.attrNames (builtins.foldl' update base (builtins.genList (i: i) 200)))`,
};

function small(): Case[] {
  return Object.entries(expressions).flatMap(([name, text]) => coldAndResident(name, ['--eval', '-E', text]));
}

function modules(repository: string): Case[] {
  const file = join(repository, 'bench/nix/modules-500.nix');
  return coldAndResident('evalModules over 500 modules', ['--eval', '--strict', file, '-A', 'sum']);
}

function coldAndResident(name: string, args: readonly string[]): Case[] {
  const common = { quantity: 'time', sameOutput: true } as const;
  return [
    { ...common, name: `${name}, cold`, evaluation: { args, firnArgs: noCaches }, must: 2, aim: 1 },
    {
      ...common,
      name: `${name}, resident evaluator`,
      evaluation: { args, firnArgs: resident },
      warmUps: residentWarmUps,
      must: 1,
      aim: 0.5,
    },
  ];
}

function example({ repository, channel }: Trees): Case[] {
  if (channel === undefined) return [];
  const configuration = join(repository, 'examples/first-machine/configuration.nix');
  const args = ['-I', `nixpkgs=${channel}`, '-I', `nixos-config=${configuration}`];
  const expression = '(import <nixpkgs/nixos> { }).system.drvPath';
  const row = (what: string, firnArgs: readonly string[]): Case => ({
    name: `example system, ${what}`,
    evaluation: { args: ['--eval', '-E', expression, ...args], firnArgs },
    quantity: 'time',
    sameOutput: true,
  });
  return [row('cold, no cache of ours', noCaches), row('cold process, parse cache on disk', anew)];
}
