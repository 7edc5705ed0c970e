/** A running systemd, the system's or a user's, through its `systemctl`. */
import { spawnSync } from 'node:child_process';

export interface UnitState {
  readonly name: string;
  /** `active`, `inactive`, `failed`, `activating`, ... */
  readonly active: string;
  /** The type's own word: `running`, `exited`, `auto-restart`, ... */
  readonly sub: string;
}

/** Whose manager it is. */
export interface ManagerUser {
  readonly uid: number;
  readonly gid: number;
  /** `/run/user/UID` */
  readonly runtimeDirectory: string;
}

export class Manager {
  readonly #systemctl: string;
  readonly #user: ManagerUser | undefined;

  /** `systemctl` is the program's path; without `user` it speaks to the system's manager. */
  constructor(systemctl: string, user?: ManagerUser) {
    this.#systemctl = systemctl;
    this.#user = user;
  }

  /** Every unit in memory. */
  listUnits(): UnitState[] {
    const { output } = this.#run(['list-units', '--all', '--plain', '--full', '--no-legend', '--no-pager']);
    return output
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields.length >= 4)
      .map(([name, , active, sub]) => ({ name, active, sub }));
  }

  /** `stop`, `start`, `restart`, ... of several units at once, waiting for them; whether all went well. Messages are shown. */
  control(verb: string, units: readonly string[] = []): boolean {
    return this.#run([verb, ...(units.length > 0 ? ['--', ...units] : [])], 'inherit').ok;
  }

  /** What `systemctl status` says of units. */
  status(units: readonly string[]): string {
    return this.#run(['status', '--no-pager', '--full', '--lines=10', '--', ...units]).output;
  }

  #run(args: readonly string[], messages: 'inherit' | 'ignore' = 'ignore'): { ok: boolean; output: string } {
    const user = this.#user;
    const result = spawnSync(this.#systemctl, user ? ['--user', ...args] : [...args], {
      stdio: ['ignore', 'pipe', messages],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      ...(user
        ? {
            uid: user.uid,
            gid: user.gid,
            env: {
              ...process.env,
              XDG_RUNTIME_DIR: user.runtimeDirectory,
              DBUS_SESSION_BUS_ADDRESS: `unix:path=${user.runtimeDirectory}/bus`,
            },
          }
        : {}),
    });
    return { ok: result.status === 0, output: result.stdout ?? '' };
  }
}

/** Whether a unit runs or is about to. */
export function isUp(state: UnitState): boolean {
  return ['active', 'activating', 'reloading', 'refreshing'].includes(state.active);
}

/** Whether a unit failed, or fails again and again. */
export function isBroken(state: UnitState): boolean {
  return state.active === 'failed' || state.sub === 'auto-restart';
}
