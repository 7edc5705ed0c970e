/** Test files that cannot run without the toolbox, whose contents come from a Debian mirror. */
const patterns = [
  /^tests\/(vm|differential)\//,
  /^tests\/functional\//,
  /^src\/builder\/.*\.functional\.test\.ts$/,
];

/** Whether the test file at a path relative to the repository needs the toolbox. */
export function needsMirror(file: string): boolean {
  return patterns.some((pattern) => pattern.test(file)) && !/^tests\/functional\/lib/.test(file);
}

/** Whether the test file builds systems or packages, for which packages have to be prepared. */
export function needsMachines(file: string): boolean {
  return /^tests\/(vm\/|functional\/(nixos-|packages)|differential\/system)/.test(file);
}
