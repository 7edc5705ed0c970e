/** Errors of containers. */
import { NixError, suggestNear, UsageError } from '../../diagnostics/index.ts';

export function invalidContainerName(name: string): UsageError {
  return new UsageError(`invalid container name '${name}'`, {
    hint: "expected letters, digits and '-', for example 'web'",
  });
}

export function containerNameTooLong(name: string): UsageError {
  return new UsageError(`the container name '${name}' is too long`, {
    hint: `its network interface is called 've-${name}', and such names have 15 characters: choose a name of 11 or fewer`,
  });
}

export function containerExists(name: string): NixError {
  return new NixError(`the container '${name}' already exists`, {
    code: 'container-exists',
    hint: "choose another name, or let --ensure-unique-name add a number; 'nixos-container list' shows what there is",
  });
}

export function noSuchContainer(name: string, existing: readonly string[]): NixError {
  const near = suggestNear(name, existing, 1);
  return new NixError(`the container '${name}' does not exist`, {
    code: 'no-such-container',
    hint: near[0] ? `did you mean '${near[0]}'?` : `there ${listed(existing)}`,
  });
}

function listed(existing: readonly string[]): string {
  return existing.length === 0 ? 'are no containers yet' : `are: ${existing.join(', ')}`;
}

export function outOfAddresses(): NixError {
  return new NixError('out of IP addresses: all networks 10.233.N.0 belong to containers', {
    code: 'out-of-addresses',
    hint: 'destroy containers that nobody needs, or give --host-address and --local-address',
  });
}

export function declarativeContainer(name: string, action: string): NixError {
  return new NixError(
    `cannot ${action} the declarative container '${name}' (${action === 'destroy' ? 'remove it from' : 'change it in'} your configuration.nix instead)`,
    { code: 'declarative-container', hint: "then run 'nixos-rebuild switch'" },
  );
}

export function containerNotRunning(name: string): NixError {
  return new NixError(`the container '${name}' is not running`, {
    code: 'container-not-running',
    hint: `start it: nixos-container start ${name}`,
  });
}

export function containerFailed(name: string, action: string): NixError {
  return new NixError(`failed to ${action} the container '${name}'`, {
    code: 'container-failed',
    hint: `'systemctl status container@${name}' and 'journalctl -u container@${name}' say more`,
  });
}

export function noAddress(name: string): NixError {
  return new NixError(`the container '${name}' has no IP address of its own`, {
    code: 'no-container-address',
    hint: "it shares the host's network",
  });
}

export function noHostKey(name: string): NixError {
  return new NixError(`the container '${name}' has no SSH host key`, {
    code: 'no-container-key',
    hint: 'its key is made when it first starts with `services.openssh.enable = true`',
  });
}

export function stillMounted(path: string): NixError {
  return new NixError(`something is still mounted at '${path}'; nothing was deleted`, {
    code: 'still-mounted',
    hint: `unmount it first: umount '${path}'`,
  });
}
