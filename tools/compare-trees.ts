/**
 * Compares the `.drv` paths that Firn and C++ Nix give on a nixpkgs tree of the past: whole NixOS systems (minimal,
 * desktop, server, containers) and packages drawn by a seed:
 *
 *   FIRN_TEST_ORACLE=PLACE node tools/compare-trees.ts NIXPKGS [--packages N] [--seed N] [--only systems|packages]
 *
 * A path is a hash of everything below it, so equal paths mean equal derivations, byte for byte. What fails with one must
 * fail with the other; messages that differ are shown. Exit status 1 when anything else differs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Oracle } from '../tests/support/oracle.ts';
import { shuffled, testSeed } from '../tests/support/random.ts';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
/** Packages evaluated by one process. */
const chunkSize = 50;

const base = `
  boot.loader.grub.device = "/dev/sda";
  fileSystems."/" = { device = "/dev/sda1"; fsType = "ext4"; };
`;

/** Bodies of configurations that both 15.09 and 20.09 understand. */
const systems: Readonly<Record<string, string>> = {
  minimal: base,
  desktop: `${base}
    services.xserver.enable = true;
    services.xserver.desktopManager.xfce.enable = true;
    hardware.pulseaudio.enable = true;
    networking.networkmanager.enable = true;
    users.extraUsers.alice = { isNormalUser = true; extraGroups = [ "wheel" ]; };
    environment.systemPackages = [ pkgs.firefox pkgs.gimp ];
  `,
  server: `${base}
    services.openssh.enable = true;
    services.nginx.enable = true;
    services.postgresql.enable = true;
    services.postgresql.package = pkgs.postgresql;
    services.fail2ban.enable = true;
    networking.firewall.allowedTCPPorts = [ 22 80 443 ];
    services.cron.enable = true;
    nix.gc.automatic = true;
  `,
  containers: `${base}
    containers.web = {
      privateNetwork = true;
      hostAddress = "192.168.100.10";
      localAddress = "192.168.100.11";
      config = { config, pkgs, ... }: { services.httpd.enable = true; services.httpd.adminAddr = "a@example.org"; };
    };
    containers.database.config = { config, pkgs, ... }: {
      services.postgresql.enable = true;
      services.postgresql.package = pkgs.postgresql;
    };
  `,
};

interface Evaluated {
  readonly output: string;
  /** The last error's message, when it failed. */
  readonly error: string | undefined;
}
type Evaluate = (expression: string) => Evaluated;

/** The message of the error that ended an evaluation: what follows the last `error:`. */
function finalMessage(text: string): string {
  const plain = text.replaceAll(/\u001b\[[0-9;]*m/g, '');
  const message = plain.slice(plain.lastIndexOf('error:') + 'error:'.length).trim();
  return message.split('\n')[0];
}

function evaluated(result: { status: number | null; stdout: Buffer; stderr: Buffer }): Evaluated {
  const output = result.stdout.toString().trim();
  return { output, error: result.status === 0 ? undefined : finalMessage(result.stderr.toString()) };
}

function firn(directory: string): Evaluate {
  const { PATH } = process.env;
  const env = { PATH, HOME: directory, NIX_REMOTE: join(directory, 'store'), NIX_PATH: '' };
  const program = join(repository, 'bin/nix-instantiate');
  const flags = ['--eval', '--strict', '--json', '--no-eval-cache', '-E'];
  return (expression) => evaluated(spawnSync(program, [...flags, expression], { env, maxBuffer: 1 << 28 }));
}

function cpp(oracle: Oracle, directory: string): Evaluate {
  const flags = ['--eval', '--strict', '--json', '-E'];
  return (expression) =>
    evaluated(
      oracle.tryRun(join(directory, 'oracle'), 'nix-instantiate', [...flags, expression], {
        env: { NIX_PATH: '' },
      }),
    );
}

function systemExpression(tree: string, body: string): string {
  const configuration = `{ config, pkgs, ... }: { ${body} }`;
  return `(import ${tree}/nixos { configuration = ${configuration}; system = "x86_64-linux"; }).system.drvPath`;
}

/** The packages' paths by name; `null` for those that say themselves that they are not to be had. */
function packagesExpression(tree: string, names: readonly string[]): string {
  const list = names.map((name) => JSON.stringify(name)).join(' ');
  return `let
    pkgs = import ${tree} { system = "x86_64-linux"; config = { }; };
    pathOf = name: let tried = builtins.tryEval (pkgs.\${name}.drvPath or null); in
      { inherit name; value = if tried.success then tried.value else null; };
  in builtins.listToAttrs (map pathOf [ ${list} ])`;
}

class Comparison {
  equal = 0;
  failing = 0;
  readonly differences: string[] = [];
  readonly #both: readonly [Evaluate, Evaluate];

  constructor(both: readonly [Evaluate, Evaluate]) {
    this.#both = both;
  }

  compare(name: string, expression: string): void {
    const [ours, theirs] = this.#both.map((evaluate) => evaluate(expression));
    if (ours.error !== undefined && theirs.error !== undefined) this.#failed(name, ours.error, theirs.error);
    else if (ours.error === undefined && ours.output === theirs.output) this.equal++;
    else {
      const show = ({ error, output }: Evaluated) => (error === undefined ? output : `error: ${error}`);
      this.differences.push(`${name}\n  Firn: ${show(ours)}\n  C++:  ${show(theirs)}`);
      console.log(this.differences.at(-1));
    }
  }

  /** Both fail; versions differ in how they word it. */
  #failed(name: string, ours: string, theirs: string): void {
    this.failing++;
    if (ours !== theirs) console.log(`${name} fails\n  Firn: ${ours}\n  C++:  ${theirs}`);
  }

  /** Many packages by one process; where that fails or differs, one by one. */
  comparePackages(tree: string, names: readonly string[]): void {
    const expression = packagesExpression(tree, names);
    const [ours, theirs] = this.#both.map((evaluate) => evaluate(expression));
    if (ours.error === undefined && ours.output === theirs.output) this.equal += names.length;
    else for (const name of names) this.compare(name, packagesExpression(tree, [name]));
  }
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packages: { type: 'string', default: '500' },
      seed: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const [oracle] = Oracle.all();
  if (positionals.length !== 1 || oracle === undefined) {
    console.error(
      'usage: FIRN_TEST_ORACLE=PLACE compare-trees.ts NIXPKGS [--packages N] [--seed N] [--only systems|packages]',
    );
    return 2;
  }
  const tree = resolve(positionals[0]);
  const seed = values.seed === undefined ? testSeed() : Number(values.seed);
  const directory = mkdtempSync(join(tmpdir(), 'firn-trees-'));
  try {
    const both = [firn(directory), cpp(oracle, directory)] as const;
    const comparison = new Comparison(both);
    if (values.only !== 'packages')
      for (const [name, body] of Object.entries(systems))
        comparison.compare(name, systemExpression(tree, body));
    if (values.only !== 'systems') {
      const names = both[1](`builtins.attrNames (import ${tree} { system = "x86_64-linux"; config = { }; })`);
      const drawn = shuffled(JSON.parse(names.output) as string[], seed).slice(0, Number(values.packages));
      for (let at = 0; at < drawn.length; at += chunkSize)
        comparison.comparePackages(tree, drawn.slice(at, at + chunkSize));
    }
    const { equal, failing, differences } = comparison;
    console.log(
      `C++ Nix ${oracle.version}, seed ${seed}: ${equal} equal, ${failing} failing alike, ${differences.length} different`,
    );
    return differences.length > 0 ? 1 : 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = main();
