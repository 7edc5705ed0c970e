/** What `fetchTree`, `fetchGit` and flakes say about a fetched tree: its path, hash, revision and date as a set. */
import {
  booleanAttr,
  type InputAttrs,
  integerAttr,
  narHashText,
  revisionOf,
  stringAttr,
} from '../../inputs/index.ts';
import { AttrSet, ContextString, type Lazy } from '../value.ts';

const noRevision = '0'.repeat(40);

export interface TreeValueOptions {
  /** As `fetchGit` does it: a tree without a revision has one of zeros. */
  readonly emptyRevision?: boolean;
  /** The tree is not what the revision says (its lock file was changed in passing). */
  readonly dirty?: boolean;
}

export function treeValue(storePath: string, attrs: InputAttrs, options: TreeValueOptions = {}): AttrSet {
  const entries: [string, Lazy][] = [['outPath', new ContextString(storePath, [storePath])]];
  const narHash = narHashText(attrs);
  if (narHash !== undefined) entries.push(['narHash', narHash]);
  if (attrs['type'] === 'git') entries.push(['submodules', booleanAttr(attrs, 'submodules')]);
  if (options.dirty !== true) entries.push(...revision(attrs, options.emptyRevision === true));
  const dirtyRev = stringAttr(attrs, 'dirtyRev');
  if (dirtyRev !== undefined) {
    entries.push(['dirtyRev', dirtyRev], ['dirtyShortRev', stringAttr(attrs, 'dirtyShortRev') ?? '']);
  }
  const lastModified = integerAttr(attrs, 'lastModified');
  if (lastModified !== undefined) {
    entries.push(['lastModified', lastModified], ['lastModifiedDate', compactDate(lastModified)]);
  }
  return AttrSet.from(entries);
}

function revision(attrs: InputAttrs, emptyRevision: boolean): [string, Lazy][] {
  const rev = revisionOf(attrs) ?? (emptyRevision ? noRevision : undefined);
  const entries: [string, Lazy][] = [];
  if (rev !== undefined) entries.push(['rev', rev], ['shortRev', rev.slice(0, 7)]);
  const revCount = integerAttr(attrs, 'revCount') ?? (emptyRevision ? 0 : undefined);
  if (revCount !== undefined) entries.push(['revCount', revCount]);
  return entries;
}

/** `20261123232538`, UTC. */
function compactDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\..*/g, '');
}
