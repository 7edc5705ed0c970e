/**
 * The tree of errors that users may see. Everything thrown on purpose derives from `NixError`; cancellation
 * (`Interrupted`) and internal bugs stay outside it, so that no handler swallows them.
 *
 * Messages are byte strings when they come from evaluation (they may quote user bytes) and are decoded once,
 * where `cli` renders them.
 */
import type { Position } from './position.ts';

/** One "while …" line of a trace, innermost first in `NixError.traces`. */
export interface Trace {
  readonly message: string;
  readonly pos?: Position | undefined;
  /** Traces from `builtins.addErrorContext` are shown even without `--show-trace`. */
  readonly always?: boolean;
}

export interface NixErrorOptions {
  readonly code?: string;
  readonly pos?: Position | undefined;
  /** What to do about it; printed on its own line after the message. */
  readonly hint?: string | undefined;
  readonly exitStatus?: number;
  readonly cause?: unknown;
}

/** Base of every error shown to users. `code` is stable and may be matched by scripts. */
export class NixError extends Error {
  readonly code: string;
  pos: Position | undefined;
  hint: string | undefined;
  readonly exitStatus: number;
  /** Innermost first. */
  readonly traces: Trace[] = [];
  /** For an infinite recursion: the places of values each of which needs the next, the last one the first. */
  cycle: readonly Position[] = [];

  constructor(message: string, options: NixErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? 'error';
    this.pos = options.pos;
    this.hint = options.hint;
    this.exitStatus = options.exitStatus ?? 1;
  }

  /** Appends an outer trace line and returns `this`, for `throw error.addTrace(...)`. */
  addTrace(message: string, pos?: Position, always = false): this {
    this.traces.push({ message, pos, always });
    return this;
  }
}

/** Syntax errors and undefined variables: known before evaluation starts. */
export class ParseError extends NixError {}

/** Errors raised by evaluation. `tryEval` catches only its subclasses `ThrownError` and `AssertionError`. */
export class EvalError extends NixError {}
/** `builtins.throw`. */
export class ThrownError extends EvalError {}
/** A failed `assert`. */
export class AssertionError extends EvalError {}

/** A build failed; exit status 100, or 101 (timeout), 102 (hash mismatch), 104 (not deterministic). */
export class BuildError extends NixError {}
/** The store refused or lost something. */
export class StoreError extends NixError {}
/** The command line was wrong. */
export class UsageError extends NixError {}

/** The user asked to stop (Ctrl-C, a signal, a time-out). Deliberately not a `NixError`. */
export class Interrupted extends Error {
  constructor(message = 'interrupted by the user') {
    super(message);
    this.name = 'Interrupted';
  }
}
