/** `nixos-rebuild`: builds a NixOS configuration, or a virtual machine of it. */
import { resolve } from 'node:path';
import { suggestNear, UsageError, Verbosity } from '../diagnostics/index.ts';
import { buildConfiguration, planConfiguration, type RebuildProduct } from '../nixos/index.ts';
import { printPlan } from './build-plan.ts';
import { evaluationFlags } from './common-flags.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  action: string | undefined;
  showTrace: boolean;
}

/** Actions of this version, with what they build. */
const actions: Readonly<
  Record<string, { readonly product: RebuildProduct; readonly dry: boolean; readonly description: string }>
> = {
  build: { product: 'system', dry: false, description: "build the configuration and leave './result'" },
  'dry-build': { product: 'system', dry: true, description: 'show what would be built and fetched' },
  'dry-run': { product: 'system', dry: true, description: 'another name of dry-build' },
  'build-vm': {
    product: 'vm',
    dry: false,
    description: 'build a script that runs the configuration as a virtual machine',
  },
};

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = { action: undefined, showTrace: false };
    return {
      line: {
        usage: [`{${Object.keys(actions).join(' | ')}} [FLAGS]`],
        summary:
          "Builds the NixOS configuration that '<nixos-config>' names: /etc/nixos/configuration.nix, the file in NIXOS_CONFIG, or the one given with -I nixos-config=FILE.",
        flags: [
          {
            long: 'fast',
            description: 'accepted; nothing is rebuilt for the rebuild itself',
            apply: () => {},
          },
          { long: 'no-build-nix', description: 'accepted, as --fast', apply: () => {} },
          ...evaluationFlags(invocation),
        ],
        positional: (argument) => {
          if (options.action !== undefined)
            throw new UsageError(`unexpected argument '${argument}'`, { hint: "try 'nixos-rebuild --help'" });
          options.action = argument;
        },
        notes: [
          'Actions:',
          ...Object.entries(actions).map(([name, { description }]) => `  ${name.padEnd(27)}${description}`),
        ].join('\n'),
      },
      run: (running) => run(options, running),
    };
  },
};

async function run(options: Options, running: RunningCommand): Promise<number> {
  const { action } = options;
  if (action === undefined)
    throw new UsageError('no action was given', {
      hint: `expected one of: ${Object.keys(actions).join(', ')}`,
    });
  if (!Object.hasOwn(actions, action)) {
    const near = suggestNear(action, Object.keys(actions), 1);
    throw new UsageError(`unknown action '${action}'`, {
      hint: near[0] ? `did you mean '${near[0]}'?` : `expected one of: ${Object.keys(actions).join(', ')}`,
    });
  }
  const { product, dry } = actions[action];
  const session = await running.session();
  running.logger.log(Verbosity.info, 'building the system configuration...');
  const request = { product, args: running.invocation.args };
  if (dry) {
    printPlan(running.logger, await planConfiguration(session, request), session.store.storeDir);
    return 0;
  }
  const path = await buildConfiguration(session, request);
  await session.addIndirectRoot(resolve('result'), path);
  if (product === 'vm') {
    running.logger.log(
      Verbosity.info,
      `\nDone.  The virtual machine can be started by running ${session.realPath(path)}/bin/run-*-vm`,
    );
  }
  running.print(`${path}\n`);
  return 0;
}
