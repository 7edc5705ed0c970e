/** From a NixOS configuration to its toplevel or its virtual machine: what `nixos-rebuild` asks of evaluation. */
import { throwFailures } from '../builder/index.ts';
import { encodeBytes } from '../diagnostics/index.ts';
import { parseStorePath } from '../formats/index.ts';
import type { AutoArgument, BuildPlan, FoundDerivation, Session } from '../session/index.ts';

/** Attributes of `<nixpkgs/nixos>`. */
export type RebuildProduct = 'system' | 'vm' | 'vmWithBootLoader';

export interface RebuildRequest {
  readonly product: RebuildProduct;
  readonly args: readonly AutoArgument[];
}

/** Evaluates the configuration that `<nixos-config>` names to the derivation of `product`. */
export async function evaluateConfiguration(
  session: Session,
  request: RebuildRequest,
): Promise<FoundDerivation> {
  const answer = await session.evaluate({
    source: { kind: 'file', path: '<nixpkgs/nixos>' },
    attrPaths: [request.product],
    args: request.args.map(({ name, kind, text }) => ({
      name: encodeBytes(name),
      kind,
      text: encodeBytes(text),
    })),
    output: 'derivations',
    strict: false,
    writeStore: true,
  });
  if (answer.kind !== 'derivations' || answer.derivations.length !== 1) {
    throw new Error(`'<nixpkgs/nixos>' attribute '${request.product}' is not one derivation`);
  }
  return answer.derivations[0];
}

/** What building `product` would do. */
export async function planConfiguration(session: Session, request: RebuildRequest): Promise<BuildPlan> {
  const { drvPath, outputName } = await evaluateConfiguration(session, request);
  return session.planBuild([{ drvPath, outputs: [outputName] }]);
}

/**
 * Builds `product`; returns its store path. With `repair`, the contents of everything that it refers to are checked, and
 * what is damaged is made again.
 */
export async function buildConfiguration(
  session: Session,
  request: RebuildRequest & { readonly repair?: boolean },
): Promise<string> {
  const { drvPath, outputName } = await evaluateConfiguration(session, request);
  const [path] = await session.build([{ drvPath, outputs: [outputName] }]);
  if (request.repair) {
    const { storeDir } = session.store;
    const builder = await session.builder();
    const wanted = [{ drvPath: parseStorePath(storeDir, drvPath), outputs: [outputName] }];
    throwFailures(await builder.buildPaths(wanted, { mode: 'repair' }), storeDir, session.logger);
  }
  return path;
}
