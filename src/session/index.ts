/** A session: settings, the store in use, evaluation and building joined. */

export type { BuildMode, BuildPlan } from '../builder/index.ts';
export { buildSettings } from './build-settings.ts';
export { currentUser } from './current-user.ts';
export { compareVersions, DrvName } from './drv-name.ts';
export type {
  AutoArgument,
  EvaluationAnswer,
  EvaluationOutput,
  EvaluationRequest,
  ExpressionSource,
  FoundDerivation,
  FoundPackage,
  MetaValue,
  PackageField,
  PackageQuery,
} from './evaluation.ts';
export type { FlakeInfo, FlakeSource } from './flake-source.ts';
export { openSession } from './open-session.ts';
export { residentStatus, stopResident } from './resident-client.ts';
export type { ResidentStatus } from './resident-protocol.ts';
export {
  defaultSearchPath,
  parseSearchPathEntry,
  type SearchPathEntry,
  splitSearchPath,
} from './search-path.ts';
export type { Installable, Session, SessionOptions } from './session.ts';
export {
  maxJobs,
  readConfigurationFiles,
  type SettingName,
  type Settings,
  SettingsBuilder,
  settingDefinitions,
} from './settings.ts';
export { evaluateSmall, type SmallEvaluationOptions } from './small-evaluation.ts';
export {
  cacheDirectory,
  dataDirectory,
  locateStore,
  privateStore,
  privateStoreRoot,
  type StoreLocation,
  systemStore,
} from './store-location.ts';
