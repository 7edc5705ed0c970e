#!/usr/bin/env python3
"""Exports one tree of a git repository whose largest blobs may be absent.

usage: export-tree.py GIT_DIR COMMIT[:FOLDER] OUTPUT

`git archive` stops at the first missing object; this writes every file that is there, restores modes and
symbolic links, and prints how many were missing.
"""
import os
import subprocess
import sys


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 1
    git_dir, treeish, output = sys.argv[1:]
    git = ["git", "--git-dir", git_dir]
    if not os.path.isdir(os.path.join(git_dir, "objects")):
        git = ["git", "-C", git_dir]
    listing = subprocess.run([*git, "ls-tree", "-r", "-z", treeish], check=True, capture_output=True).stdout
    entries = []
    for record in listing.split(b"\0"):
        if not record:
            continue
        meta, path = record.split(b"\t", 1)
        mode, kind, oid = meta.split(b" ")
        if kind == b"blob":
            entries.append((mode, oid, path))
    batch = subprocess.Popen([*git, "cat-file", "--batch", "--buffer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env={**os.environ, "GIT_NO_LAZY_FETCH": "1"})
    import threading

    def feed() -> None:
        for _, oid, _ in entries:
            batch.stdin.write(oid + b"\n")
        batch.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    missing = 0
    for mode, oid, path in entries:
        header = batch.stdout.readline().split()
        if header[-1] == b"missing":
            missing += 1
            continue
        data = batch.stdout.read(int(header[2]))
        batch.stdout.read(1)
        target = os.path.join(os.fsencode(output), path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if mode == b"120000":
            if not os.path.lexists(target):
                os.symlink(data, target)
            continue
        with open(target, "wb") as file:
            file.write(data)
        os.chmod(target, 0o755 if mode == b"100755" else 0o644)
    print(f"{len(entries) - missing} files written, {missing} missing")
    return 0


sys.exit(main())
