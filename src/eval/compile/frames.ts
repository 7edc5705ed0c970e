/** Reading and filling the slots of frames, with one small function for each common place. */
import type { Env, Lazy } from '../value.ts';

/** What is in a slot; `undefined` only while a recursive frame is being filled. */
export type ReadSlot = (env: Env) => Lazy | undefined;

/** Slots kept in fields of `Env`; the others are in `rest`. */
export const inlineSlots = 3;

/** Reads slot `slot` of the frame `depth` frames up. Frames are never `null` where compiled code looks. */
export function slotReader(depth: number, slot: number): ReadSlot {
  switch (slot) {
    case 0:
      return readA(depth);
    case 1:
      return readB(depth);
    case 2:
      return readC(depth);
    default:
      return readRest(depth, slot - inlineSlots);
  }
}

function readA(depth: number): ReadSlot {
  switch (depth) {
    case 0:
      return (env) => env.a;
    case 1:
      return (env) => env.up!.a;
    case 2:
      return (env) => env.up!.up!.a;
    case 3:
      return (env) => env.up!.up!.up!.a;
    default:
      return (env) => ancestor(env, depth).a;
  }
}

function readB(depth: number): ReadSlot {
  switch (depth) {
    case 0:
      return (env) => env.b;
    case 1:
      return (env) => env.up!.b;
    case 2:
      return (env) => env.up!.up!.b;
    default:
      return (env) => ancestor(env, depth).b;
  }
}

function readC(depth: number): ReadSlot {
  switch (depth) {
    case 0:
      return (env) => env.c;
    case 1:
      return (env) => env.up!.c;
    case 2:
      return (env) => env.up!.up!.c;
    default:
      return (env) => ancestor(env, depth).c;
  }
}

function readRest(depth: number, index: number): ReadSlot {
  switch (depth) {
    case 0:
      return (env) => env.rest![index];
    case 1:
      return (env) => env.up!.rest![index];
    case 2:
      return (env) => env.up!.up!.rest![index];
    default:
      return (env) => ancestor(env, depth).rest![index];
  }
}

/** The frame `depth` frames up. */
export function ancestor(env: Env, depth: number): Env {
  let frame = env;
  for (let i = depth; i > 0; i--) frame = frame.up!;
  return frame;
}

export function writeSlot(env: Env, slot: number, value: Lazy): void {
  switch (slot) {
    case 0:
      env.a = value;
      return;
    case 1:
      env.b = value;
      return;
    case 2:
      env.c = value;
      return;
    default:
      env.rest![slot - inlineSlots] = value;
  }
}

/** The `rest` array of a new frame with `size` slots. */
export function restFor(size: number): (Lazy | undefined)[] | null {
  return size > inlineSlots ? new Array(size - inlineSlots) : null;
}
