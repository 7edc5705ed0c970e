/** `/etc/fstab` of two generations: which mounts and swap devices the new one has otherwise. */

export interface FstabEntry {
  readonly device: string;
  readonly type: string;
  /** Options in their order, without those that only systemd's generator reads. */
  readonly options: string;
}

export interface Fstab {
  /** Mount point -> entry. */
  readonly mounts: ReadonlyMap<string, FstabEntry>;
  /** Device -> options. */
  readonly swaps: ReadonlyMap<string, string>;
}

export function parseFstab(text: string): Fstab {
  const mounts = new Map<string, FstabEntry>();
  const swaps = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [device, point, type, options] = line.trim().split(/\s+/).map(unescapeField);
    if (device === undefined || device.startsWith('#') || device === '' || type === undefined) continue;
    if (type === 'swap') swaps.set(device, options ?? '');
    else mounts.set(point, { device, type, options: mountOptions(options ?? '') });
  }
  return { mounts, swaps };
}

export interface FstabDifference {
  /** Mount points that are gone. */
  readonly removed: readonly string[];
  /** Mount points with another device or type. */
  readonly replaced: readonly string[];
  /** Mount points with other options only. */
  readonly remounted: readonly string[];
  /** Swap devices that are gone. */
  readonly swapsOff: readonly string[];
}

export function compareFstabs(old: Fstab, next: Fstab): FstabDifference {
  const removed: string[] = [];
  const replaced: string[] = [];
  const remounted: string[] = [];
  for (const [point, entry] of old.mounts) {
    const now = next.mounts.get(point);
    if (!now) removed.push(point);
    else if (now.device !== entry.device || now.type !== entry.type) replaced.push(point);
    else if (now.options !== entry.options) remounted.push(point);
  }
  const swapsOff = [...old.swaps.keys()].filter((device) => !next.swaps.has(device));
  return { removed, replaced, remounted, swapsOff };
}

/** The unit of a mount point or device, as systemd-escape(1) names it: `/a/b-c` with `mount` is `a-b\x2dc.mount`. */
export function unitOfPath(path: string, suffix: string): string {
  const trimmed = path
    .split('/')
    .filter((part) => part !== '')
    .join('/');
  if (trimmed === '') return `-.${suffix}`;
  const escaped = [...Buffer.from(trimmed)].map((byte, index) => escapeByte(byte, index)).join('');
  return `${escaped}.${suffix}`;
}

function escapeByte(byte: number, index: number): string {
  const character = String.fromCharCode(byte);
  if (character === '/') return '-';
  const plain = /[A-Za-z0-9:_.]/.test(character) && !(character === '.' && index === 0);
  return plain ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}

function mountOptions(text: string): string {
  return text
    .split(',')
    .filter((option) => option !== 'defaults' && !/^(x-|auto$|noauto$|nofail$)/.test(option))
    .join(',');
}

/** fstab(5) writes blanks in names as octal numbers. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
