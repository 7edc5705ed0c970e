/** Repositories and archives to fetch from, all local. Dates are fixed, so that every run is the same. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const date = '2020-02-02T02:02:02Z';

/** Runs git without the user's settings. Throws with what it said when it fails. */
export function git(directory: string, ...args: string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.org',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.org',
  };
  const flags = ['-c', 'init.defaultBranch=main', '-c', 'protocol.file.allow=always'];
  const result = spawnSync('git', ['-C', directory, ...flags, ...args], { env, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
}

/** Makes a repository of some files and commits them. */
export function makeRepository(directory: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '--quiet');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  git(directory, 'add', '.');
  git(directory, 'commit', '--quiet', '-m', 'first');
}

/** `repo` (with a tag, a branch, links, a submodule-free tree), its bare clone `bare.git`, `parent` with `repo` as a submodule. */
export function makeRepositories(root: string): void {
  const repo = join(root, 'repo');
  makeRepository(repo, {
    'a.txt': 'a\n',
    'bin/run': '#!/bin/sh\n',
    'skipped/file': 'not exported\n',
    'kept/skipped.txt': 'not exported\n',
    'kept/file': 'kept $Format:%H$\r\n',
    '.gitattributes': 'skipped export-ignore\nkept/skipped.txt export-ignore\nkept/file export-subst\n',
    '.gitignore': 'ignored\n',
  });
  spawnSync('chmod', ['+x', join(repo, 'bin/run')]);
  symlinkSync('a.txt', join(repo, 'link'));
  git(repo, 'add', '.');
  git(repo, 'commit', '--quiet', '-m', 'second');
  git(repo, 'tag', 'v1');
  git(repo, 'checkout', '--quiet', '-b', 'other');
  writeFileSync(join(repo, 'other.txt'), 'other\n');
  git(repo, 'add', '.');
  git(repo, 'commit', '--quiet', '-m', 'third');
  git(repo, 'checkout', '--quiet', 'main');
  writeFileSync(join(repo, 'ignored'), 'ignored\n');
  writeFileSync(join(repo, 'untracked'), 'untracked\n');
  git(root, 'clone', '--quiet', '--bare', repo, join(root, 'bare.git'));
  const parent = join(root, 'parent');
  makeRepository(parent, { top: 'top\n' });
  git(parent, 'submodule', '--quiet', 'add', repo, 'sub/module');
  git(parent, 'commit', '--quiet', '-m', 'submodule');
}

/** `tree.tar.gz` (one directory), `flat.tar` (several files), `tree.zip` when there is a Python to make it, and `plain.txt`. */
export function makeArchives(root: string): void {
  const tree = join(root, 'unpacked/tree');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  writeFileSync(join(tree, 'file'), 'file\n');
  writeFileSync(join(tree, 'sub/program'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('../file', join(tree, 'sub/link'));
  const when = new Date('2021-03-04T05:06:07Z');
  for (const name of ['file', 'sub/program', 'sub', '.']) utimesSync(join(tree, name), when, when);
  const tar = (...args: string[]) => spawnSync('tar', [`--mtime=@${when.getTime() / 1000}`, ...args]);
  tar('-C', join(root, 'unpacked'), '-czf', join(root, 'tree.tar.gz'), 'tree');
  tar('-C', tree, '-cf', join(root, 'flat.tar'), 'file', 'sub');
  writeFileSync(join(root, 'plain.txt'), 'plain\n');
}
