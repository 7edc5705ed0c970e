/** NixOS on top of a session: rebuilding a configuration, running machines. */

export {
  type ActivationAction,
  type ActivationOptions,
  activateSystem,
  checkCanActivate,
} from './activate-system.ts';
export {
  type Container,
  type ContainerPlaces,
  checkContainerName,
  checkNothingMounted,
  configurationFile,
  containerAt,
  controlContainer,
  declarativeContainer,
  findContainer,
  freeAddresses,
  freeName,
  isDeclarative,
  leaderOf,
  listContainers,
  loginToContainer,
  makeDirectories,
  noAddress,
  noHostKey,
  readVariables,
  runInContainer,
  terminateContainer,
  writeConfiguration,
  writeVariables,
} from './containers/index.ts';
export { describeExit, type EnterOptions, enterArguments, enterStore } from './enter.ts';
export { type MachineCredentials, machineCredentials } from './machine-credentials.ts';
export { hashPassword, makePassword } from './password-hash.ts';
export { formatPlan } from './plan/format-plan.ts';
export { compareSystems, planRebuild, type RebuildPlan } from './plan/rebuild-plan.ts';
export {
  buildConfiguration,
  evaluateConfiguration,
  planConfiguration,
  type RebuildProduct,
  type RebuildRequest,
} from './rebuild.ts';
export { findFreePort, type SshAccess, writeSshConfig } from './ssh-config.ts';
export { makeSshKeyPair, type SshKeyPair } from './ssh-key.ts';
export {
  listSystemGenerations,
  previousSystem,
  rollBackSystem,
  type SystemGeneration,
  setSystem,
  systemOfGeneration,
  systemProfile,
} from './system-profile.ts';
export {
  type CommandOptions,
  checkTypeScript,
  Driver,
  type DriverOptions,
  type NewMachine,
  type PollingCondition,
  readManifest,
  runInteractively,
  runMachines,
  runTest,
  type ScriptLanguage,
  type TerminalStreams,
  TestLog,
  TestMachine,
  type TestManifest,
  type TestRunOptions,
  type TestScope,
  type TextPattern,
} from './test-driver/index.ts';
export { attachConsole } from './vm/console.ts';
export { QmpClient } from './vm/qmp.ts';
export { VirtualMachine, type VirtualMachineOptions } from './vm/virtual-machine.ts';
