/** A lock file's inputs drawn as a tree, as `nix flake metadata` shows them. */
import { type LockFile, LockNode, printInputPath } from './lock-file.ts';

/** One line for each input, without a newline at the end; inputs met again are not opened a second time. */
export function printInputTree({ root }: LockFile): string {
  const lines: string[] = [];
  const visited = new Set<LockNode>([root]);
  const visit = (node: LockNode, prefix: string): void => {
    const inputs = node.sortedInputs();
    for (const [i, [name, edge]] of inputs.entries()) {
      const isLast = i === inputs.length - 1;
      const branch = `${prefix}${isLast ? '└───' : '├───'}${name}`;
      if (!(edge instanceof LockNode)) {
        lines.push(`${branch} follows input '${printInputPath(edge)}'`);
        continue;
      }
      lines.push(`${branch}: ${edge.lock ? describe(edge.lock.locked) : ''}`);
      const isNew = !visited.has(edge);
      visited.add(edge);
      if (isNew) visit(edge, `${prefix}${isLast ? '    ' : '│   '}`);
    }
  };
  visit(root, '');
  return lines.join('\n');
}

function describe(ref: { toString(): string; input: { attrs: Readonly<Record<string, unknown>> } }): string {
  const time = ref.input.attrs['lastModified'];
  if (typeof time !== 'number') return ref.toString();
  return `${ref} (${new Date(time * 1000).toISOString().slice(0, 19).replace('T', ' ')})`;
}
