/** Errors of rebuilding and switching systems. */
import { NixError } from '../diagnostics/index.ts';

export function noOlderSystem(profile: string, current: number | undefined): NixError {
  const what = current === undefined ? 'it has no generations' : `generation ${current} is its oldest`;
  return new NixError(`cannot roll back the profile '${profile}': ${what}`, {
    code: 'no-older-generation',
    hint: "'nixos-rebuild list-generations' shows what there is",
  });
}

export function noSuchSystem(
  profile: string,
  which: number | 'current',
  numbers: readonly number[],
): NixError {
  const what = which === 'current' ? 'a current generation' : `a generation ${which}`;
  return new NixError(`the profile '${profile}' does not have ${what}`, {
    code: 'no-such-generation',
    hint: numbers.length > 0 ? `it has: ${numbers.join(', ')}` : "make one with 'nixos-rebuild switch'",
  });
}

export function notNixos(action: string): NixError {
  return new NixError(`cannot ${action} here: this machine does not run NixOS`, {
    code: 'not-nixos',
    hint: "'nixos-rebuild build' and 'nixos-rebuild build-vm' work anywhere",
  });
}

export function notRoot(action: string): NixError {
  return new NixError(`'nixos-rebuild ${action}' changes the system and must be run as root`, {
    code: 'not-root',
    hint: `run it from a root shell, or: sudo -i nixos-rebuild ${action}`,
  });
}

export function cannotSwitch(toplevel: string): NixError {
  return new NixError(`the system '${toplevel}' has no 'bin/switch-to-configuration'`, {
    code: 'cannot-switch',
    hint: 'its configuration has `system.switch.enable = false`, or its channel was made without Firn itself',
  });
}
