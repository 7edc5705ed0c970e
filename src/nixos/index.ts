/** NixOS on top of a session: rebuilding a configuration, running machines. */

export { describeExit, type EnterOptions, enterArguments, enterStore } from './enter.ts';
export {
  buildConfiguration,
  evaluateConfiguration,
  planConfiguration,
  type RebuildProduct,
  type RebuildRequest,
} from './rebuild.ts';
export { makeSshKeyPair, type SshKeyPair } from './ssh-key.ts';
export { attachConsole } from './vm/console.ts';
export { QmpClient } from './vm/qmp.ts';
export { VirtualMachine, type VirtualMachineOptions } from './vm/virtual-machine.ts';
