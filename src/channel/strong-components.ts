/**
 * Strongly connected components by Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972),
 * with an explicit stack: the archive's longest dependency chain must not end ours.
 */

/**
 * The components of a graph of nodes `0..edges.length-1`, where `edges[n]` lists the successors of `n`. A
 * component comes after the components it points to. Members are in no particular order.
 */
export function strongComponents(edges: readonly (readonly number[])[]): number[][] {
  const index = new Int32Array(edges.length).fill(-1);
  const low = new Int32Array(edges.length);
  const onStack = new Uint8Array(edges.length);
  const nextEdge = new Int32Array(edges.length);
  const stack: number[] = [];
  const components: number[][] = [];
  let counter = 0;

  const enter = (node: number) => {
    index[node] = low[node] = counter++;
    onStack[node] = 1;
    stack.push(node);
  };
  const popComponent = (root: number) => {
    const component: number[] = [];
    let node: number;
    do {
      node = stack.pop()!;
      onStack[node] = 0;
      component.push(node);
    } while (node !== root);
    components.push(component);
  };

  for (let start = 0; start < edges.length; start++) {
    if (index[start] >= 0) continue;
    const path = [start];
    enter(start);
    while (path.length > 0) {
      const node = path[path.length - 1];
      if (nextEdge[node] < edges[node].length) {
        const successor = edges[node][nextEdge[node]++];
        if (index[successor] < 0) {
          enter(successor);
          path.push(successor);
        } else if (onStack[successor]) low[node] = Math.min(low[node], index[successor]);
        continue;
      }
      path.pop();
      if (path.length > 0) {
        const parent = path[path.length - 1];
        low[parent] = Math.min(low[parent], low[node]);
      }
      if (low[node] === index[node]) popComponent(node);
    }
  }
  return components;
}
