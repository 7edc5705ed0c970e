/** NixOS containers, as `nixos-container` manages them. */
export {
  type AddressPair,
  type Container,
  type ContainerPlaces,
  type ContainerVariables,
  checkContainerName,
  containerAt,
  findContainer,
  freeAddresses,
  freeName,
  isDeclarative,
  listContainers,
  readVariables,
  writeVariables,
} from './container-files.ts';
export { configurationFile, makeDirectories, writeConfiguration } from './container-system.ts';
export {
  checkNothingMounted,
  controlContainer,
  leaderOf,
  loginToContainer,
  runInContainer,
  terminateContainer,
} from './container-unit.ts';
export { containerFailed, declarativeContainer, noAddress, noHostKey } from './errors.ts';
