/** `nix-env --install`, `--upgrade`, `--uninstall`, `--set` and `--set-flag`. */
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import {
  type Element,
  install,
  installables,
  setFlag,
  switchProfile,
  uninstall,
  upgrade,
  withFlag,
} from '../packages/index.ts';
import type { NixEnvOptions } from './nix-env.ts';
import { NixEnvContext } from './nix-env-sources.ts';
import type { RunningCommand } from './program.ts';

export async function runInstall(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  const context = await NixEnvContext.open(options, running);
  const packages = context.prebuilt(await context.packages(true));
  await install(
    packages.map((each) => adjusted(each, options)),
    { ...operation(context), preserve: options.preserve, removeAll: options.removeAll },
  );
  return 0;
}

export async function runUpgrade(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  const context = await NixEnvContext.open(options, running);
  const available = async () => context.prebuilt(await context.packages(false));
  await upgrade(available, options.upgradeKind, operation(context));
  return 0;
}

export async function runUninstall(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  const context = await NixEnvContext.open(options, running);
  await uninstall(options.arguments.map(encodeBytes), operation(context));
  return 0;
}

export async function runSetFlag(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  const [name, value, ...selectors] = options.arguments.map(encodeBytes);
  if (value === undefined)
    throw new UsageError("not enough arguments to '--set-flag'", {
      hint: "for example 'nix-env --set-flag priority 10 hello'",
    });
  const context = await NixEnvContext.open(options, running);
  await setFlag({ name, value }, selectors, operation(context));
  return 0;
}

export async function runSet(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  const context = await NixEnvContext.open(options, running);
  const { session } = context;
  const elements = await context.packages(true);
  if (elements.length !== 1)
    throw new UsageError('--set requires exactly one derivation', {
      hint: `${elements.length} were given; the profile will hold that one alone`,
    });
  await context.announce(elements);
  if (options.dryRun) return 0;
  await session.build(installables(session, elements));
  await switchProfile({ session, profile: context.profile, signal: running.signal }, elements[0].outPath);
  return 0;
}

function operation(context: NixEnvContext) {
  const { session, profile, signal, announce, options } = context;
  return { session, profile, signal, announce, dryRun: options.dryRun };
}

function adjusted(element: Element, { forceName, priority }: NixEnvOptions): Element {
  const named = forceName === undefined ? element : { ...element, name: encodeBytes(forceName) };
  if (priority === undefined) return named;
  if (!/^-?[0-9]+$/.test(priority))
    throw new UsageError("'--priority' requires an integer argument", { hint: `got '${priority}'` });
  return withFlag(named, 'priority', String(Number(priority)));
}
