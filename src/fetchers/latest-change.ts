/** The time of the newest change in a tree. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Seconds since the epoch: the latest modification of a file, link or directory at or below a path. */
export function latestChange(path: string): number {
  let latest = 0;
  const todo = [path];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    const stats = lstatSync(at);
    latest = Math.max(latest, Math.floor(stats.mtimeMs / 1000));
    if (stats.isDirectory()) for (const name of readdirSync(at)) todo.push(join(at, name));
  }
  return latest;
}
