/**
 * Pure codecs of Nix's formats: nix32, hashes, store paths, content addresses, derivations, NARs, `.narinfo`.
 * Nothing here touches a disk or a clock; hash functions are passed in. Strings are byte strings throughout.
 */
export { formatDerivation, parseDerivation } from './aterm.ts';
export { formatBase16, parseBase16 } from './base16.ts';
export { formatBase64, parseBase64 } from './base64.ts';
export { bytesFromString, compareByteStrings, equalBytes, stringFromBytes } from './bytes.ts';
export {
  downstreamPlaceholder,
  hashPlaceholder,
  makeContentAddressedPath,
  makeFixedOutputPath,
  makeOutputPath,
  makeStorePath,
  makeTextPath,
  mayHaveReferences,
  outputPathName,
  type References,
  type StorePathContext,
} from './compute-store-path.ts';
export {
  type ContentAddress,
  type ContentAddressMethod,
  formatContentAddress,
  formatMethodAlgorithm,
  parseContentAddress,
  parseMethodAlgorithm,
} from './content-address.ts';
export {
  type Derivation,
  type DerivationOutput,
  derivationKind,
  emptyDerivation,
  isBuiltinBuilder,
  type OutputKind,
  outputKind,
  STRUCTURED_ATTRS_VARIABLE,
} from './derivation.ts';
export {
  checkOutputPaths,
  derivationPath,
  derivationReferences,
  fillOutputPaths,
  fixedOutputAddress,
  fixedOutputPath,
  hashDerivationModulo,
  type ModuloContext,
  type ModuloHash,
} from './derivation-hash.ts';
export { derivationToJson, type Json } from './derivation-json.ts';
export {
  compressDigest,
  convertHash,
  digestSize,
  equalHashes,
  formatHash,
  type Hash,
  type HashAlgorithm,
  type Hasher,
  type HashFormat,
  parseBareHash,
  parseHash,
  parseHashAlgorithm,
  parseHashFormat,
  parsePrefixedHash,
  parseSriHash,
  tryParseHashAlgorithm,
  zeroHash,
} from './hash.ts';
export { NAR_MAX_DEPTH, type NarEvent } from './nar-format.ts';
export {
  type FingerprintInfo,
  formatNarInfo,
  type NarInfo,
  narInfoFingerprint,
  parseNarInfo,
} from './nar-info.ts';
export { type NarListing, NarListingBuilder } from './nar-listing.ts';
export { NarReader } from './nar-reader.ts';
export { formatNar, type NarNode, parseNar } from './nar-tree.ts';
export { type NarSink, NarWriter } from './nar-writer.ts';
export { formatNix32, isNix32, nix32Length, parseNix32 } from './nix32.ts';
export {
  checkStorePathName,
  compareStorePaths,
  isInStore,
  parseStorePath,
  printStorePath,
  StorePath,
  splitStorePath,
  tryParseStorePath,
} from './store-path.ts';
