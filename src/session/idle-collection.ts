/** Collecting garbage while nobody waits. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds without work after which it is done. */
const delay = 100;

let collect: (() => void) | undefined;
let timer: NodeJS.Timeout | undefined;

/** Collects all garbage once this thread has had nothing to do for a moment. */
export function collectWhenIdle(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  clearTimeout(timer);
  timer = setTimeout(collect, delay);
}
