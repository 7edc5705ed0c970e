/**
 * The abstract syntax tree. Plain records with a string `kind`; `pos` is a byte offset into the source text
 * that the enclosing `ParsedFile` names. All strings are byte strings. Desugaring is minimal: the tree is what
 * `nix-instantiate --parse` prints, so nested attribute paths are already merged into nested `attrs` nodes.
 */
import type { SourceFile } from '../diagnostics/index.ts';

export interface ParsedFile {
  readonly source: SourceFile;
  readonly root: Expr;
  /** Warnings of the parser, in order (without the `warning: ` prefix); absent when there are none. */
  readonly warnings?: readonly ParseWarning[];
}

export interface ParseWarning {
  readonly message: string;
  /** Byte offset in the source. */
  readonly pos: number;
  /** Whether the place is to be shown after the message; other messages say it themselves. */
  readonly located: boolean;
}

export type Expr =
  | IntExpr
  | FloatExpr
  | StringExpr
  | ConcatExpr
  | PathExpr
  | SearchPathExpr
  | VarExpr
  | SelectExpr
  | HasAttrExpr
  | AttrsExpr
  | ListExpr
  | LambdaExpr
  | CallExpr
  | LetExpr
  | WithExpr
  | IfExpr
  | AssertExpr
  | UnaryExpr
  | BinaryExpr
  | CurPosExpr;

interface Node {
  /** Byte offset in the source. */
  readonly pos: number;
}

/** `number` where safe, else `bigint`; always within signed 64 bits. */
export interface IntExpr extends Node {
  readonly kind: 'int';
  readonly value: number | bigint;
}
export interface FloatExpr extends Node {
  readonly kind: 'float';
  readonly value: number;
}
/** A string without interpolation (also URI literals), escapes and indentation already processed. */
export interface StringExpr extends Node {
  readonly kind: 'string';
  readonly value: string;
}
/**
 * Interpolation: `"a${b}c"`, indented strings, and paths with interpolation (`isPath`: the first part is then
 * a `path`). C++ Nix's ExprConcatStrings with forceString = !isPath. Parts alternate freely.
 */
export interface ConcatExpr extends Node {
  readonly kind: 'concat';
  readonly isPath: boolean;
  readonly parts: readonly Expr[];
  /** Where each part begins: the text itself, or the `$` of its `${`. */
  readonly positions: readonly number[];
}
/** A path literal, already absolute and canonical (`~` expanded); a trailing slash kept only as a concat's first part. */
export interface PathExpr extends Node {
  readonly kind: 'path';
  readonly value: string;
}
/** `<nixpkgs/lib>`; evaluates `__findFile __nixPath "nixpkgs/lib"` with the names in scope. */
export interface SearchPathExpr extends Node {
  readonly kind: 'searchPath';
  readonly value: string;
}
export interface VarExpr extends Node {
  readonly kind: 'var';
  readonly name: string;
}
/** One step of an attribute path: a fixed name, or an expression to be evaluated to a string. */
export type AttrName =
  | { readonly name: string; readonly pos: number }
  | { readonly expr: Expr; readonly pos: number };
export interface SelectExpr extends Node {
  readonly kind: 'select';
  readonly subject: Expr;
  readonly path: readonly AttrName[];
  readonly fallback?: Expr;
}
export interface HasAttrExpr extends Node {
  readonly kind: 'hasAttr';
  readonly subject: Expr;
  readonly path: readonly AttrName[];
}
/** One attribute with a name known at parse time. */
export interface AttrDef {
  readonly name: string;
  readonly pos: number;
  readonly value: Expr;
  /** `plain`: scope of the set's body. `inherit`: `value` is a `var` looked up outside the set. `inheritFrom`: `value` is a `select` whose subject is `inheritFrom[fromIndex]`, to be evaluated once per set. */
  readonly source: 'plain' | 'inherit' | 'inheritFrom';
  readonly fromIndex?: number;
}
export interface DynamicAttrDef {
  readonly pos: number;
  readonly name: Expr;
  readonly value: Expr;
}
export interface AttrsExpr extends Node {
  readonly kind: 'attrs';
  readonly recursive: boolean;
  /** In order of appearance (merged nested definitions at their first place). */
  readonly attrs: readonly AttrDef[];
  readonly dynamicAttrs: readonly DynamicAttrDef[];
  /** The subjects of `inherit (x) ...`, each once. Scope: as the set's plain values (inside when recursive). */
  readonly inheritFrom: readonly Expr[];
}
export interface ListExpr extends Node {
  readonly kind: 'list';
  readonly items: readonly Expr[];
}
export interface Formal {
  readonly name: string;
  readonly pos: number;
  readonly fallback?: Expr;
}
export interface LambdaExpr extends Node {
  readonly kind: 'lambda';
  /** `x:` or the `@ x` name. */
  readonly arg?: string;
  readonly formals?: { readonly list: readonly Formal[]; readonly ellipsis: boolean };
  readonly body: Expr;
  /** The name this lambda is bound to where that is known at parse time (for traces); set by the parser. */
  name?: string;
  /** Byte offset of the doc comment (two asterisks) that belongs to this lambda. */
  docPos?: number;
}
/** `f a b` is one node with two arguments, as in C++ Nix. */
export interface CallExpr extends Node {
  readonly kind: 'call';
  readonly fn: Expr;
  readonly args: readonly Expr[];
}
/** Also the legacy `let { ... body = x; }`, which the parser turns into `(rec { ... }).body`. */
export interface LetExpr extends Node {
  readonly kind: 'let';
  readonly attrs: AttrsExpr;
  readonly body: Expr;
}
export interface WithExpr extends Node {
  readonly kind: 'with';
  readonly scope: Expr;
  readonly body: Expr;
}
export interface IfExpr extends Node {
  readonly kind: 'if';
  readonly condition: Expr;
  readonly then: Expr;
  readonly else: Expr;
}
export interface AssertExpr extends Node {
  readonly kind: 'assert';
  readonly condition: Expr;
  readonly body: Expr;
}
export interface UnaryExpr extends Node {
  readonly kind: 'not' | 'negate';
  readonly operand: Expr;
}
export type BinaryOperator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '&&'
  | '||'
  | '->'
  | '//'
  | '++'
  | '+'
  | '-'
  | '*'
  | '/';
/** The pipe operators `|>` and `<|` are calls in the tree already. `pos` is the operator's offset. `-`, `*`, `/`, `<` ... keep their operator here; the printer writes C++ Nix's `__sub` forms. */
export interface BinaryExpr extends Node {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
  /** Where the operands begin, parentheses included. */
  readonly leftPos: number;
  readonly rightPos: number;
}
/** `__curPos`. */
export interface CurPosExpr extends Node {
  readonly kind: 'curPos';
}
