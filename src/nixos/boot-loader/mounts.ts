/** Which file system a path is on, from the kernel's table of mounts (proc(5), `/proc/PID/mountinfo`). */

export interface Mount {
  readonly point: string;
  /** Directory of the file system that is shown at `point`: `/`, or a subvolume, or what a bind mount shows. */
  readonly root: string;
  readonly type: string;
  /** The device, for file systems that have one. */
  readonly source: string;
}

export function parseMountInfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ');
    if (after === undefined) continue;
    const fields = before.split(' ');
    const [type, source] = after.split(' ');
    mounts.push({ root: unescape(fields[3]), point: unescape(fields[4]), type, source: unescape(source) });
  }
  return mounts;
}

/** The mount that shows an absolute path without links: the last one of the longest fitting point. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const fits = mount.point === '/' || path === mount.point || path.startsWith(`${mount.point}/`);
    if (fits && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  }
  return best;
}

/** Where `path` is inside its file system, as somebody sees it who mounts that as a whole; starts with `/`. */
export function pathInFileSystem(mount: Mount, path: string): string {
  const below = mount.point === '/' ? path : path.slice(mount.point.length);
  const root = mount.root === '/' ? '' : mount.root;
  return root + (below === '/' ? '' : below) || '/';
}

function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
