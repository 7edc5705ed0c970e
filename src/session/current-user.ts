/** Who runs this process. */
import { userInfo } from 'node:os';

/** The name of the user that this process runs as, or `uid-NUMBER` for one that has no name. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.getuid?.() === 0 ? 'root' : `uid-${process.getuid?.()}`;
  }
}
