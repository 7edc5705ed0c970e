/** What a build would do, as `--dry-run` prints it (the wording is C++ Nix's). */
import type { Logger } from '../diagnostics/index.ts';
import { Verbosity } from '../diagnostics/index.ts';
import type { BuildPlan } from '../session/index.ts';

export interface PlanOptions {
  /** How important it is; `--dry-run` prints nothing else. */
  readonly verbosity: Verbosity;
}

export function printPlan(
  logger: Logger,
  plan: BuildPlan,
  storeDir: string,
  { verbosity }: PlanOptions = { verbosity: Verbosity.error },
): void {
  const say = (text: string) => logger.log(verbosity, text);
  const { willBuild, willFetch } = plan;
  if (willBuild.length > 0) {
    say(
      willBuild.length === 1
        ? 'this derivation will be built:'
        : `these ${willBuild.length} derivations will be built:`,
    );
    for (const path of willBuild) say(`  ${storeDir}/${path.baseName}`);
  }
  if (willFetch.length > 0) {
    const size =
      plan.downloadBytes > 0 ? ` (${(plan.downloadBytes / 1024 / 1024).toFixed(2)} MiB download)` : '';
    say(
      willFetch.length === 1
        ? `this file will be fetched${size}:`
        : `these ${willFetch.length} files will be fetched${size}:`,
    );
    for (const path of willFetch) say(`  ${storeDir}/${path.baseName}`);
  }
}
