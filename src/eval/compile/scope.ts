/**
 * Static scopes: which variable is in which frame. Each scope but the outermost stands for one `Env` at run time, so
 * the place of a variable is (how many frames up, which slot), known when code is compiled. The outermost scope holds
 * the global names, whose values are put into the code itself.
 */
import type { SourceFile } from '../../diagnostics/index.ts';
import type { Expr } from '../../syntax/index.ts';
import type { PosIdx } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import type { Env, Lazy, Value } from '../value.ts';

/** Compiled code: a value from a frame. */
export type Run = (env: Env) => Value;
/** Compiled code for a value that may not be needed: usually makes a thunk. */
export type Delay = (env: Env) => Lazy;

/** What all scopes of one file share. */
export interface FileScope {
  readonly source: SourceFile;
  /** The position of the file's first byte. */
  readonly base: PosIdx;
  readonly runtime: Runtime;
  readonly globals: ReadonlyMap<string, Lazy>;
  /** The compiler's entry points, held here so that its parts need not import each other. */
  readonly compile: (expr: Expr, scope: Scope) => Run;
  readonly compileDelay: (expr: Expr, scope: Scope) => Delay;
  readonly compileThunk: (expr: Expr, scope: Scope) => Delay;
}

/** Where a variable's value comes from. */
export type Place =
  | { readonly kind: 'slot'; readonly depth: number; readonly slot: number }
  | { readonly kind: 'global'; readonly value: Lazy }
  /** From one of the enclosing `with`s: their distances in frames, innermost first. */
  | { readonly kind: 'with'; readonly depths: readonly number[] }
  | { readonly kind: 'unbound' };

export class Scope {
  readonly file: FileScope;
  readonly up: Scope | null;
  /** Slots by name; `null` for the frame of a `with` (and for the outermost scope). */
  readonly slots: ReadonlyMap<string, number> | null;

  constructor(file: FileScope, up: Scope | null, slots: ReadonlyMap<string, number> | null) {
    this.file = file;
    this.up = up;
    this.slots = slots;
  }

  /** A scope inside this one with a frame for `names`, in the order of their slots. */
  frame(names: readonly string[]): Scope {
    return new Scope(this.file, this, new Map(names.map((name, slot) => [name, slot])));
  }

  /** The scope of a `with`'s body; slot 0 is the set. */
  with(): Scope {
    return new Scope(this.file, this, null);
  }

  lookup(name: string): Place {
    const withs: number[] = [];
    let depth = 0;
    for (let scope: Scope = this; scope.up !== null; scope = scope.up) {
      const slot = scope.slots === null ? undefined : scope.slots.get(name);
      if (slot !== undefined) return { kind: 'slot', depth, slot };
      if (scope.slots === null) withs.push(depth);
      depth++;
    }
    const value = this.file.globals.get(name);
    if (value !== undefined) return { kind: 'global', value };
    return withs.length > 0 ? { kind: 'with', depths: withs } : { kind: 'unbound' };
  }

  /** Code for an expression in this scope. */
  run(expr: Expr): Run {
    return this.file.compile(expr, this);
  }

  /** Code for an expression in this scope that may not be needed. */
  delay(expr: Expr): Delay {
    return this.file.compileDelay(expr, this);
  }

  /** Like `delay`, but always a thunk of its own. */
  thunk(expr: Expr): Delay {
    return this.file.compileThunk(expr, this);
  }

  /** The position of a byte of the file. */
  pos(offset: number): PosIdx {
    return this.file.base + offset;
  }
}
