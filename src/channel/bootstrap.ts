import type { ArchiveContext, ArchiveIndex } from './archive-index.ts';

export async function writeBootstrap(_context: ArchiveContext, _index: ArchiveIndex, _directory: string): Promise<void> {}
