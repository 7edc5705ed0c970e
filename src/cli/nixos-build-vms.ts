/**
 * `nixos-build-vms NETWORK.nix`: builds the machines of a network, and programs that start them: `result/bin/nixos-run-vms`
 * and, with the test driver's command line, `result/bin/nixos-test-driver`.
 */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encodeBytes, NixError, UsageError } from '../diagnostics/index.ts';
import { printPlan } from './build-plan.ts';
import { evaluationFlags } from './common-flags.ts';
import { evaluationRequest } from './evaluation-sources.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  network?: string;
  outLink: string | undefined;
}

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = { outLink: 'result' };
    return {
      line: {
        usage: ['NETWORK.nix [--no-out-link] [FLAGS]'],
        summary:
          'Builds the virtual machines of a network: NETWORK.nix holds a set of configurations by the names of their machines. Start them with result/bin/nixos-run-vms.',
        flags: [
          {
            long: 'no-out-link',
            description: "leave no link 'result'",
            apply: () => void (options.outLink = undefined),
          },
          ...evaluationFlags(invocation),
        ],
        positional: (argument) => {
          if (options.network !== undefined)
            throw new UsageError(`there can be only one network, not also '${argument}'`);
          options.network = argument;
        },
      },
      run: (running) => run(options, running),
    };
  },
};

async function run({ network, outLink }: Options, running: RunningCommand): Promise<number> {
  const file = networkFile(network);
  const session = await running.session();
  const text = `import <nixpkgs/nixos/lib/testing/build-vms.nix> { networkExpr = ${JSON.stringify(file).replaceAll('$', '\\$')}; }`;
  const source = { kind: 'text', text: encodeBytes(text), basePath: encodeBytes(process.cwd()) } as const;
  const answer = await session.evaluate(
    evaluationRequest(running.invocation, source, { output: 'derivations', attrPaths: [''] }),
  );
  if (answer.kind !== 'derivations' || answer.derivations.length !== 1)
    throw new NixError(`the network '${file}' is not one derivation`);
  const [{ drvPath, outputName }] = answer.derivations;
  const installables = [{ drvPath, outputs: [outputName] }];
  printPlan(running.logger, await session.planBuild(installables), session.store.storeDir);
  const [path] = await session.build(installables);
  if (outLink !== undefined) await session.addIndirectRoot(resolve(outLink), path);
  running.print(`${path}\n`);
  return 0;
}

/** The file's absolute path; of a directory its `default.nix`. */
function networkFile(network: string | undefined): string {
  if (network === undefined)
    throw new UsageError('nixos-build-vms needs a network', {
      hint: 'name a file with a set of configurations: { server = { ... }: { }; client = { ... }: { }; }',
    });
  const file = resolve(network);
  if (!existsSync(file)) throw new UsageError(`the network '${network}' does not exist`);
  return statSync(file).isDirectory() ? join(file, 'default.nix') : file;
}
