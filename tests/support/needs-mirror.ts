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

/**
 * Test files that fail inside the network namespace of `npm test` and pass outside of it (seen for downloads and for
 * killed builders): `npm test -- FILE` in a shell of one's own runs them until that is mended.
 */
export function needsHostNamespace(file: string): boolean {
  return /^tests\/(functional|differential)\/builder/.test(file);
}
