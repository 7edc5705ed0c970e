/** A small Debian archive, signed by a key of the test run and served on loopback. */
export { type ArchiveServer, type Fault, serveArchive } from './archive-server.ts';
export { type TestFile, writeDeb, writeTar } from './deb-writer.ts';
export { writeElf } from './elf-writer.ts';
export { bootstrapPackages, resolverPackages, samplePackages, sampleSources } from './sample-packages.ts';
export {
  makeTestKey,
  TestArchive,
  type TestKey,
  type TestPackage,
  type TestSource,
  type TestSuite,
  testArchiveDate,
} from './test-archive.ts';
export { storeXz } from './xz-stored.ts';
