/** Graphs of store paths as text, exactly as `nix-store --query --tree / --graph / --graphml` prints them. */
import { compareStorePaths, printStorePath, type StorePath } from '../formats/index.ts';
import { queryValidPathInfo, sortByReferences } from './closure.ts';
import type { Store } from './store.ts';

const COLOURS = ['black', 'red', 'green', 'blue', 'magenta', 'burlywood'];

/** The references below each of `roots`, drawn as a tree; what has been printed before is marked `[...]`. */
export function formatTree(store: Store, roots: readonly StorePath[]): string {
  const done = new Set<string>();
  const lines: string[] = [];
  // An explicit stack: chains of references can be long.
  const stack = roots.toReversed().map((path) => ({ path, first: '', rest: '' }));
  for (let node = stack.pop(); node; node = stack.pop()) {
    const printed = printStorePath(store.storeDir, node.path);
    if (done.has(node.path.baseName)) {
      lines.push(`${node.first}${printed} [...]\n`);
      continue;
    }
    done.add(node.path.baseName);
    lines.push(`${node.first}${printed}\n`);
    const { references } = queryValidPathInfo(store, node.path);
    // What others of them refer to comes first: that keeps the tree flat.
    const children = sortByReferences(store, references);
    const { rest } = node;
    for (const [index, path] of children.reverse().entries()) {
      const [corner, line] = index === 0 ? ['└───', '    '] : ['├───', '│   '];
      stack.push({ path, first: rest + corner, rest: rest + line });
    }
  }
  return lines.join('');
}

/** In Graphviz's language; an arrow leads from a path to those that refer to it. */
export function formatDotGraph(store: Store, roots: readonly StorePath[]): string {
  let text = 'digraph G {\n';
  let edges = 0;
  for (const { path, references } of visitSmallestFirst(store, roots)) {
    text += `"${path.baseName}" [label = "${path.name}", shape = box, style = filled, fillcolor = "#ff0000"];\n`;
    for (const reference of references) {
      text += `"${reference.baseName}" -> "${path.baseName}" [color = "${COLOURS[edges++ % COLOURS.length]}"];\n`;
    }
  }
  return `${text}}\n`;
}

/** As GraphML. */
export function formatGraphMl(store: Store, roots: readonly StorePath[]): string {
  let text =
    "<?xml version='1.0' encoding='utf-8'?>\n" +
    "<graphml xmlns='http://graphml.graphdrawing.org/xmlns'\n" +
    "    xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'\n" +
    "    xsi:schemaLocation='http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd'>\n" +
    "<key id='narSize' for='node' attr.name='narSize' attr.type='long'/>" +
    "<key id='name' for='node' attr.name='name' attr.type='string'/>" +
    "<key id='type' for='node' attr.name='type' attr.type='string'/>" +
    "<graph id='G' edgedefault='directed'>\n";
  for (const { path, references, narSizeBytes } of visitSmallestFirst(store, roots)) {
    const name = path.name.slice(0, path.name.indexOf('-') + 1);
    text +=
      `  <node id="${path.baseName}">\n` +
      `    <data key="narSize">${narSizeBytes}</data>\n` +
      `    <data key="name">${name}</data>\n` +
      `    <data key="type">${path.isDerivation ? 'derivation' : 'output-path'}</data>\n` +
      '  </node>\n';
    for (const reference of references) {
      text += `  <edge source="${path.baseName}" target="${reference.baseName}"/>\n`;
    }
  }
  return `${text}</graph>\n</graphml>\n`;
}

/** Visits the closure, always the smallest path that is known but not visited; references are without itself. */
function* visitSmallestFirst(
  store: Store,
  roots: readonly StorePath[],
): Generator<{ path: StorePath; references: StorePath[]; narSizeBytes: number }> {
  const known = new Map(roots.map((path) => [path.baseName, path]));
  const done = new Set<string>();
  while (known.size > 0) {
    const path = [...known.values()].reduce((a, b) => (compareStorePaths(a, b) < 0 ? a : b));
    known.delete(path.baseName);
    done.add(path.baseName);
    const info = queryValidPathInfo(store, path);
    const references = info.references.filter((reference) => !reference.equals(path));
    for (const reference of references) {
      if (!done.has(reference.baseName)) known.set(reference.baseName, reference);
    }
    yield { path, references, narSizeBytes: info.narSizeBytes };
  }
}
