/** Runs one command with Firn (from source) and with C++ Nix, each with a store, home and cache of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Oracle } from './oracle.ts';

const bin = fileURLToPath(new URL('../../bin/', import.meta.url));

export interface Answer {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

export class BothNixes implements Disposable {
  /** For files that both see. Without symbolic links in its path. */
  readonly root: string;
  readonly #oracle: Oracle;
  readonly #env: Readonly<Record<string, string>>;

  constructor(oracle: Oracle, env: Readonly<Record<string, string>> = {}) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'firn-both-')));
    this.#oracle = oracle;
    this.#env = env;
    for (const who of ['firn', 'cpp']) mkdirSync(join(this.root, who, 'home'), { recursive: true });
  }

  [Symbol.dispose](): void {
    spawnSync('chmod', ['-R', 'u+w', this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }

  #environment(who: string): Record<string, string> {
    const home = join(this.root, who, 'home');
    return { HOME: home, XDG_CACHE_HOME: join(home, '.cache'), ...this.#env };
  }

  firn(command: string, args: readonly string[], cwd = this.root): Answer {
    const { NIX_PATH: _path, XDG_CONFIG_HOME: _config, ...rest } = process.env;
    const env = {
      ...rest,
      ...this.#environment('firn'),
      FIRN_FROM_SOURCE: '1',
      NIX_REMOTE: join(this.root, 'firn'),
      NIX_CONF_DIR: join(this.root, 'no-configuration'),
    };
    return answer(spawnSync(join(bin, command), args, { env, cwd, maxBuffer: 1 << 28 }));
  }

  cpp(command: string, args: readonly string[], cwd = this.root): Answer {
    const options = { env: this.#environment('cpp'), cwd };
    return answer(this.#oracle.tryRun(join(this.root, 'cpp'), command, args, options));
  }
}

function answer(result: { status: number | null; stdout: Buffer; stderr: Buffer }): Answer {
  return { status: result.status, output: result.stdout.toString(), errors: result.stderr.toString() };
}
