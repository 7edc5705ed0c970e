/** Profiles, user environments and choosing packages by name: what `nix-env` works with. */
export { ChannelIndexes, type IndexedPackage } from './channel-index.ts';
export { type Element, elementFields, elementOf, shortName, withFlag } from './element.ts';
export {
  type InstallOptions,
  install,
  type OperationOptions,
  setFlag,
  type UpgradeKind,
  uninstall,
  upgrade,
} from './operations.ts';
export { findProfile, followInStore, profileLink, replaceLink } from './profile-place.ts';
export { formatJson, formatTable, formatXml, type QueryColumns, type QueryRow } from './query-output.ts';
export { type Choosable, type SelectOptions, selectPackages } from './select.ts';
export { type PreparedShell, prepareShell, type ShellRequest } from './shell-environment.ts';
export { quoteForShell, splitShellWords } from './shell-words.ts';
export { defaultExpressions, type Expressions, expressionAt, expressionsAt } from './source-expression.ts';
export {
  type ChangeOptions,
  installables,
  queryInstalled,
  queryPackages,
  switchProfile,
} from './user-environment.ts';
