/**
 * `builtin:buildenv`: a tree of links to the files of several packages, as `nix-env` makes for a profile. Directories
 * that only one package has are a single link; where two meet, they become a real directory. Of two files with one
 * name the package with the better (lower) priority wins, equal priorities are a collision.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { requiredVariable } from './variables.ts';

interface Package {
  readonly path: string;
  readonly active: boolean;
  readonly priority: number;
}

/** Files that would only collide: every package has its own, and none is wanted in a profile. */
const leftOut = [
  '/propagated-build-inputs',
  '/nix-support',
  '/perllocal.pod',
  '/info/dir',
  '/log',
  '/manifest.nix',
  '/manifest.json',
];
/** Packages that others propagate give way to those that were asked for. */
const propagatedPriority = 1000;

/** Builds the environment that the variables `derivations`, `manifest` and `out` describe. */
export function buildEnv(variables: NodeJS.ProcessEnv): void {
  const out = requiredVariable(variables, 'out');
  mkdirSync(out, { recursive: true });
  new Environment(out).build(parsePackages(requiredVariable(variables, 'derivations')));
  symlinkSync(requiredVariable(variables, 'manifest'), join(out, 'manifest.nix'));
}

/** `derivations` is, per package: active or `false`, priority, number of outputs, their paths. */
function parsePackages(text: string): Package[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const packages: Package[] = [];
  for (let i = 0; i < words.length; ) {
    const active = words[i++] !== 'false';
    const priority = Number(words[i++]);
    const outputs = Number(words[i++]);
    if (!Number.isInteger(priority) || !(outputs >= 0))
      throw new Error("attribute 'derivations' is malformed");
    for (let n = 0; n < outputs; n++) packages.push({ path: words[i++], active, priority });
  }
  return packages;
}

class Environment {
  readonly #out: string;
  readonly #done = new Set<string>();
  #propagated = new Set<string>();
  /** Priority of the package that a link belongs to. */
  readonly #priorities = new Map<string, number>();

  constructor(out: string) {
    this.#out = out;
  }

  build(packages: readonly Package[]): void {
    const ordered = packages.toSorted((a, b) => a.priority - b.priority || (a.path < b.path ? -1 : 1));
    for (const { path, active, priority } of ordered) if (active) this.#add(path, priority);
    let priority = propagatedPriority;
    while (this.#propagated.size > 0) {
      const next = [...this.#propagated].sort();
      this.#propagated = new Set();
      for (const path of next) this.#add(path, priority++);
    }
  }

  #add(path: string, priority: number): void {
    if (this.#done.has(path)) return;
    this.#done.add(path);
    if (!statSync(path).isDirectory()) {
      process.stderr.write(
        `warning: not including '${path}' in the user environment because it's not a directory\n`,
      );
      return;
    }
    this.#link(path, this.#out, priority);
    let list: string;
    try {
      list = readFileSync(join(path, 'nix-support', 'propagated-user-env-packages'), 'utf8');
    } catch {
      return;
    }
    for (const word of list.split(/\s+/))
      if (word !== '' && !this.#done.has(word)) this.#propagated.add(word);
  }

  #link(from: string, to: string, priority: number): void {
    for (const name of readdirSync(from).sort()) {
      if (name.startsWith('.')) continue;
      const source = join(from, name);
      const target = join(to, name);
      const stat = statSync(source, { throwIfNoEntry: false });
      if (!stat) process.stderr.write(`warning: skipping dangling symlink '${target}'\n`);
      else if (leftOut.some((suffix) => source.endsWith(suffix))) continue;
      else if (stat.isDirectory()) this.#linkDirectory(source, target, priority);
      else this.#linkFile(source, target, priority);
    }
  }

  #linkDirectory(source: string, target: string, priority: number): void {
    const present = lstatSync(target, { throwIfNoEntry: false });
    if (!present) this.#symlink(source, target, priority);
    else if (present.isDirectory()) this.#link(source, target, priority);
    else {
      const former = realpathSync(target);
      if (!lstatSync(former).isDirectory()) {
        throw new Error(`collision between '${source}' and non-directory '${former}'`);
      }
      const formerPriority = this.#priorities.get(target) ?? priority;
      unlinkSync(target);
      mkdirSync(target, 0o755);
      this.#link(former, target, formerPriority);
      this.#link(source, target, priority);
    }
  }

  #linkFile(source: string, target: string, priority: number): void {
    const present = lstatSync(target, { throwIfNoEntry: false });
    if (present?.isDirectory())
      throw new Error(`collision between non-directory '${source}' and directory '${target}'`);
    if (present) {
      const former = this.#priorities.get(target) ?? 0;
      if (former === priority) throw conflict(readlinkSync(target), source, priority);
      if (former < priority) return;
      unlinkSync(target);
    }
    this.#symlink(source, target, priority);
  }

  #symlink(source: string, target: string, priority: number): void {
    symlinkSync(source, target);
    this.#priorities.set(target, priority);
  }
}

function conflict(a: string, b: string, priority: number): Error {
  return new Error(
    `Unable to build profile. There is a conflict for the following files:\n\n  ${a}\n  ${b}\n\n` +
      `Both have the priority ${priority}; nix-env --set-flag priority NUMBER NAME changes one of them.`,
  );
}
