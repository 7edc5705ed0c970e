/**
 * User environments: a store path of links into the elements, with `manifest.nix` that lists them. Changing one reads the
 * elements, makes a new environment and switches the profile to it under its lock; if somebody else switched meanwhile,
 * everything is done again.
 */
import { NixError, Verbosity } from '../diagnostics/index.ts';
import { fillOutputPaths, parseStorePath, printStorePath } from '../formats/index.ts';
import type { EvaluationRequest, FoundPackage, Installable, Session } from '../session/index.ts';
import {
  createGeneration,
  lockProfile,
  nodeHasher,
  registerIndirectRoot,
  switchLink,
} from '../store/index.ts';
import { type Element, elementFields, elementOf } from './element.ts';
import { environmentDerivation, formatManifest } from './manifest.ts';
import { fileInProfile, profileToken } from './profile-place.ts';

const ENVIRONMENT_NAME = 'user-environment';

/** The packages that an evaluation request finds. */
export async function queryPackages(session: Session, request: EvaluationRequest): Promise<FoundPackage[]> {
  const answer = await session.evaluate(request);
  if (answer.kind !== 'texts') throw new NixError('the evaluator gave no packages');
  return answer.texts.flatMap((text) => JSON.parse(text) as FoundPackage[]);
}

/**
 * The elements of a profile, in the manifest's order; none where the profile is not there.
 *
 * @throws NixError for a profile of `nix profile`
 */
export async function queryInstalled(session: Session, profile: string): Promise<Element[]> {
  if (fileInProfile(session, profile, 'manifest.json') !== undefined)
    throw new NixError(`profile '${profile}' is incompatible with 'nix-env'`, {
      code: 'other-profile',
      hint: "it was made by 'nix profile'; use another profile with '-p'",
    });
  const manifest = fileInProfile(session, profile, 'manifest.nix');
  if (manifest === undefined) return [];
  const found = await queryPackages(session, {
    source: { kind: 'file', path: Buffer.from(manifest).toString('latin1') },
    attrPaths: [''],
    args: [],
    output: 'packages',
    strict: false,
    writeStore: false,
    packages: { fields: elementFields, ignoreAssertions: false, pathPrefix: true },
  });
  return found.map(elementOf);
}

export interface ChangeOptions {
  readonly session: Session;
  readonly profile: string;
  readonly signal: AbortSignal;
}

/**
 * Changes a profile: `change` may ask for its elements and gives the new ones, or `undefined` to leave everything as it is. It
 * is called again when the profile was switched meanwhile.
 */
export async function changeProfile(
  options: ChangeOptions,
  change: (installed: () => Promise<Element[]>) => Promise<readonly Element[] | undefined>,
): Promise<void> {
  const { session, profile } = options;
  for (;;) {
    const token = profileToken(profile);
    const elements = await change(() => queryInstalled(session, profile));
    if (elements === undefined) return;
    const environment = await makeEnvironment(session, elements);
    if (await switchProfile(options, environment, token)) return;
    session.logger.log(Verbosity.info, `profile '${profile}' changed while we were busy; restarting`);
  }
}

/** What building elements means. */
export function installables(session: Session, elements: readonly Element[]): Installable[] {
  return elements.flatMap(({ drvPath }) => {
    if (drvPath === undefined) return [];
    const { outputs } = session.store.readDerivation(parseStorePath(session.store.storeDir, drvPath));
    return [{ drvPath, outputs: [...outputs.keys()] }];
  });
}

/** Builds the elements and the environment of them; its printed path. */
export async function makeEnvironment(session: Session, elements: readonly Element[]): Promise<string> {
  const { store } = session;
  const { storeDir } = store;
  await session.build(installables(session, elements));
  const references = new Map(
    elements.flatMap(({ outputs }) =>
      outputs.map(([, path]) => [path, parseStorePath(storeDir, path)] as const),
    ),
  );
  for (const [printed, path] of references) {
    await store.addTempRoot(path);
    if (!store.isValidPath(path))
      throw new NixError(`path '${printed}' is not valid`, {
        code: 'invalid-path',
        hint: 'it is not in the store, and nothing is known to build it from',
      });
  }
  const manifest = await store.addText('env-manifest.nix', formatManifest(elements), [
    ...references.values(),
  ]);
  const derivation = environmentDerivation(elements, printStorePath(storeDir, manifest));
  const context = {
    storeDir,
    hasher: nodeHasher,
    memo: new Map(),
    readDerivation: () => derivation,
  };
  fillOutputPaths(context, ENVIRONMENT_NAME, derivation);
  const drvPath = await store.addDerivation(ENVIRONMENT_NAME, derivation);
  const [path] = await session.build([{ drvPath: printStorePath(storeDir, drvPath), outputs: ['out'] }]);
  return path;
}

/**
 * Makes `path` a profile's newest generation and switches to it.
 *
 * @param token what the profile's link said when the work began; `undefined`: whatever it says
 * @returns `false` when it says something else now
 */
export async function switchProfile(
  { session, profile, signal }: ChangeOptions,
  path: string,
  token?: string,
): Promise<boolean> {
  using _lock = await lockProfile(profile, signal);
  if (token !== undefined && profileToken(profile) !== token) return false;
  const target = parseStorePath(session.store.storeDir, path);
  await session.store.addTempRoot(target);
  const generation = createGeneration(profile, path);
  // A profile elsewhere is no root of itself.
  if (!profile.startsWith(`${session.location.stateDir}/profiles/`))
    registerIndirectRoot(session.location, generation.link, target);
  switchLink(profile, generation.link);
  return true;
}
