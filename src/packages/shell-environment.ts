/**
 * The environment of a derivation's builder as a shell to work in: its attributes as variables, `$stdenv/setup` read
 * where there is one, then `shellHook`. The shell's start-up file is written here.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { structuredShellFiles } from '../builder/index.ts';
import { decodeBytes } from '../diagnostics/index.ts';
import { type Derivation, STRUCTURED_ATTRS_VARIABLE } from '../formats/index.ts';
import { quoteForShell } from './shell-words.ts';

/** What `--pure` leaves of the user's environment. */
const keptWhenPure = [
  'DISPLAY',
  'HOME',
  'IN_NIX_SHELL',
  'LOGNAME',
  'NIX_BUILD_SHELL',
  'NIX_SHELL_PRESERVE_PROMPT',
  'PAGER',
  'PATH',
  'SHLVL',
  'TERM',
  'TZ',
  'USER',
  'WAYLAND_DISPLAY',
  'WAYLAND_SOCKET',
  'XDG_RUNTIME_DIR',
  ...['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]),
];

export interface ShellRequest {
  readonly derivation: Derivation;
  /** The environment of the user. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Scratch directory of the shell; the shell deletes it. */
  readonly directory: string;
  readonly storeDir: string;
  /** 0: as many as there are. */
  readonly cores: number;
  /** The shell's program. */
  readonly shell: string;
  readonly pure: boolean;
  /** Variables that `--pure` keeps, too. */
  readonly keep: readonly string[];
  /** Shell commands to run at last; `''` for none. */
  readonly command: string;
}

export interface PreparedShell {
  readonly env: Record<string, string>;
  /** The start-up file. */
  readonly file: string;
}

/** Writes the files of a shell into its directory. Repeating it replaces them. */
export function prepareShell(request: ShellRequest): PreparedShell {
  const { directory } = request;
  mkdirSync(directory, { recursive: true });
  const env = userEnvironment(request);
  for (const name of ['NIX_BUILD_TOP', 'TMPDIR', 'TEMPDIR', 'TMP', 'TEMP']) env[name] = directory;
  env['NIX_STORE'] = request.storeDir;
  env['NIX_BUILD_CORES'] = String(request.cores === 0 ? availableParallelism() : request.cores);
  const attributes = addAttributes(request, env);
  const file = join(directory, 'rc');
  writeFileSync(file, startupFile(request, attributes));
  return { env, file };
}

function userEnvironment({ env, pure, keep }: ShellRequest): Record<string, string> {
  const kept = new Set([...keptWhenPure, ...keep]);
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && (!pure || kept.has(name))) result[name] = value;
  // Without it a shell's system-wide start-up file may bring back what was left out.
  if (pure) result['__ETC_PROFILE_SOURCED'] = '1';
  return result;
}

/** Sets the derivation's variables; shell text for structured attributes. */
function addAttributes({ derivation, directory }: ShellRequest, env: Record<string, string>): string {
  const structured = derivation.env.get(STRUCTURED_ATTRS_VARIABLE);
  if (structured !== undefined) {
    const { json, shell } = structuredShellFiles(derivation);
    env['NIX_ATTRS_JSON_FILE'] = join(directory, '.attrs.json');
    env['NIX_ATTRS_SH_FILE'] = join(directory, '.attrs.sh');
    writeFileSync(env['NIX_ATTRS_JSON_FILE'], json, 'latin1');
    writeFileSync(env['NIX_ATTRS_SH_FILE'], shell, 'latin1');
    return decodeBytes(shell);
  }
  const asFile = new Set((derivation.env.get('passAsFile') ?? '').split(/\s+/));
  let number = 0;
  for (const [name, value] of derivation.env) {
    if (!asFile.has(name)) env[decodeBytes(name)] = decodeBytes(value);
    else {
      const file = join(directory, `.attr-${number++}`);
      writeFileSync(file, value, 'latin1');
      env[`${decodeBytes(name)}Path`] = file;
    }
  }
  return '';
}

function startupFile({ directory, env, pure, shell, command }: ShellRequest, attributes: string): string {
  const program = quoteForShell(shell);
  const color = process.getuid?.() === 0 ? 31 : 32;
  const zone = env['TZ'];
  const lines = [
    `_nix_shell_clean_tmpdir() { command rm -rf ${quoteForShell(directory)}; }`,
    'trap _nix_shell_clean_tmpdir EXIT',
    'exitHooks+=(_nix_shell_clean_tmpdir)',
    'failureHooks+=(_nix_shell_clean_tmpdir)',
    ...(pure ? [] : ['[ -n "$PS1" ] && [ -e ~/.bashrc ] && source ~/.bashrc', 'p=$PATH']),
    // The set-up starts from nothing, the user's own programs come last.
    'unset PATH',
    'dontAddDisableDepTrack=1',
    attributes,
    '[ -e $stdenv/setup ] && source $stdenv/setup',
    ...(pure ? [] : ['PATH=$PATH:$p', 'unset p']),
    `PATH=${quoteForShell(dirname(shell))}:"$PATH"`,
    `SHELL=${program}`,
    `BASH=${program}`,
    'set +e',
    `[ -n "$PS1" -a -z "$NIX_SHELL_PRESERVE_PROMPT" ] && PS1='\\n\\[\\033[1;${color}m\\][nix-shell:\\w]\\$\\[\\033[0m\\] '`,
    'if [ "$(type -t runHook)" = function ]; then runHook shellHook; fi',
    'unset NIX_ENFORCE_PURITY',
    'shopt -u nullglob',
    'unset TZ',
    ...(zone === undefined ? [] : [`export TZ=${quoteForShell(zone)}`]),
    'shopt -s execfail',
    command,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}
