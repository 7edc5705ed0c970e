/** A container's configuration and the system made from it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../diagnostics/index.ts';
import { writeFileAtomically } from '../../platform/index.ts';
import type { Container } from './container-files.ts';

/** Where a container keeps its configuration, below its root. */
export function configurationFile(container: Container): string {
  return join(container.root, 'etc/nixos/configuration.nix');
}

/**
 * Writes the configuration of a container: what makes it one, and `config`, which is the inside of a set (`a = 1; b = 2;`),
 * or the import of `configFile`.
 */
export function writeConfiguration(
  container: Container,
  content: { readonly config?: string; readonly configFile?: string },
): void {
  if (content.config !== undefined && content.configFile !== undefined) {
    throw new UsageError("'--config' and '--config-file' exclude each other", {
      hint: 'give the configuration as text or as a file',
    });
  }
  const file = configurationFile(container);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const imports = content.configFile === undefined ? '' : `  imports = [ ${content.configFile} ];\n`;
  const config = content.config === undefined ? '' : `${content.config.replace(/^(?=.)/gm, '  ')}\n`;
  const text = `{ config, lib, pkgs, ... }:

{
  boot.isContainer = true;
  networking.hostName = lib.mkDefault "${container.name}";
  networking.useDHCP = false;
${imports}${config}}
`;
  writeFileAtomically(file, text);
}

/** The directories that a container needs before it is built. */
export function makeDirectories(container: Container): void {
  mkdirSync(dirname(container.profile), { recursive: true, mode: 0o755 });
  mkdirSync(container.gcRoots, { recursive: true, mode: 0o755 });
  mkdirSync(container.root, { recursive: true, mode: 0o755 });
  const marker = join(container.root, 'etc/NIXOS');
  mkdirSync(dirname(marker), { recursive: true });
  if (!existsSync(marker)) writeFileSync(marker, '');
}
