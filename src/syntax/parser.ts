/**
 * The parser: recursive descent over `Lexer`, with three places that do not recurse: what ends in another
 * expression (`x: …`, `let … in …`, `if … else …`) is a loop, operators are a stack machine (shunting-yard),
 * and application is a loop. So only real nesting uses the stack, and it is counted.
 *
 * On the first token that does not fit, the parser gives up with `#fail()`: the message ("unexpected X,
 * expecting Y or Z") is then worked out by `syntax-error.ts` from Nix's grammar, exactly as C++ Nix words it.
 * Checks of meaning (duplicate attributes, duplicate formals) run in the order in which C++ Nix's LALR parser
 * reduces, so that the same error is first; where it matters a comment says so.
 *
 * Larger than other files on purpose: one class, one grammar.
 */
import type { ParseError, SourceFile } from '../diagnostics/index.ts';
import type {
  AttrName,
  AttrsExpr,
  BinaryOperator,
  Expr,
  Formal,
  ParsedFile,
  ParseWarning,
  StringExpr,
} from './ast.ts';
import { AttributeBuilder, type OpenAttrs, openAttrs } from './attributes.ts';
import {
  duplicateFormal,
  dynamicInInherit,
  dynamicInLet,
  homePathInPureMode,
  lintError,
  tooDeep,
  trailingSlash,
} from './errors.ts';
import { type IndentedPart, stripIndentation } from './indentation.ts';
import { Lexer } from './lexer.ts';
import { explainSyntaxError } from './syntax-error.ts';
import { Token } from './tokens.ts';

export interface ParseOptions {
  /** Directory that relative path literals start from: absolute, canonical. */
  readonly basePath: string;
  /** What `~` stands for; without it `~/...` is refused as in pure evaluation. */
  readonly homeDir?: string | undefined;
  /** The experimental feature `pipe-operators`. Default: off. */
  readonly pipeOperators?: boolean;
  /** Literals that may be complained of. */
  readonly lints?: Lints;
  /** How deep expressions may be nested before the parser reports a stack overflow. Default 10,000. */
  readonly maxDepth?: number;
}

export type LintLevel = 'ignore' | 'warn' | 'fatal';

/** The settings `lint-url-literals`, `lint-absolute-path-literals` and `lint-short-path-literals`. Default: ignore. */
export interface Lints {
  readonly urlLiterals?: LintLevel;
  readonly absolutePathLiterals?: LintLevel;
  readonly shortPathLiterals?: LintLevel;
}

const lintNames: Readonly<Record<keyof Lints, string>> = {
  urlLiterals: 'lint-url-literals',
  absolutePathLiterals: 'lint-absolute-path-literals',
  shortPathLiterals: 'lint-short-path-literals',
};

/** Expressions whose last part is an expression again; filled in while the loop goes on. */
type Open = {
  kind: Expr['kind'];
  pos: number;
  body?: Expr | undefined;
  else?: Expr;
  scope?: Expr;
  condition?: Expr;
};

/** A function's parameters, before the colon. */
interface FormalSet {
  readonly list: Formal[];
  readonly ellipsis: boolean;
}

/** Binding strength of the binary operators by token, 0 for other tokens; odd is right-associative. */
const strength = new Uint8Array(64);
const operatorNames: BinaryOperator[] = [];
const unaryNot = 14;
const negation = 24;
const hasAttribute = 22;
const comparison = 10;
const equality = 8;

function operator(token: Token, name: BinaryOperator, level: number): void {
  strength[token] = level;
  operatorNames[token] = name;
}
operator(Token.implies, '->', 3);
operator(Token.orOr, '||', 4);
operator(Token.and, '&&', 6);
operator(Token.equal, '==', equality);
operator(Token.notEqual, '!=', equality);
operator(Token.less, '<', comparison);
operator(Token.greater, '>', comparison);
operator(Token.lessEqual, '<=', comparison);
operator(Token.greaterEqual, '>=', comparison);
operator(Token.update, '//', 13);
operator(Token.plus, '+', 16);
operator(Token.minus, '-', 16);
operator(Token.times, '*', 18);
operator(Token.divide, '/', 18);
operator(Token.concat, '++', 21);

class Parser extends Lexer {
  readonly #options: ParseOptions;
  readonly #builder: AttributeBuilder;
  readonly #warnings: ParseWarning[] = [];
  readonly #maxDepth: number;
  #depth = 0;
  // The operator machine's stacks, shared by all expressions; each uses the part above its own base.
  readonly #operands: Expr[] = [];
  readonly #starts: number[] = [];
  readonly #operators: Token[] = [];
  readonly #operatorPositions: number[] = [];
  /** Errors that C++ Nix raises once the body after them is complete, innermost (last) first. */
  readonly #failures: ParseError[] = [];
  /** The expression that `or` as an identifier made last, and where it ends. */
  #cursedOr: { expr: Expr; start: number; end: number } | undefined;

  constructor(source: SourceFile, options: ParseOptions) {
    super(source, options.pipeOperators === true);
    this.#options = options;
    this.#builder = new AttributeBuilder(source);
    this.#maxDepth = options.maxDepth ?? 10_000;
  }

  parseFile(): ParsedFile {
    this.next();
    const root = this.#expression();
    if (!this.#is(Token.endOfFile)) this.#fail();
    return this.#warnings.length === 0
      ? { source: this.source, root }
      : { source: this.source, root, warnings: this.#warnings };
  }

  #fail(): never {
    throw explainSyntaxError(this.source, this.pipeOperators);
  }

  /** A method, because TypeScript would go on believing a comparison with `token` after `next()`. */
  #is(token: Token): boolean {
    return this.token === token;
  }

  #expect(token: Token): void {
    if (!this.#is(token)) this.#fail();
    this.next();
  }

  #enter(): void {
    if (++this.#depth > this.#maxDepth) throw tooDeep(this.source, this.pos);
  }

  // ---- expressions that end in an expression ----

  #expression(): Expr {
    this.#enter();
    let root: Expr | undefined;
    let open: Open | undefined;
    const failures = this.#failures.length;
    for (;;) {
      const step = this.#expressionStep();
      const expr = step as Expr;
      if (open === undefined) root = expr;
      else if (open.kind === 'if') open.else = expr;
      else open.body = expr;
      if (this.#continues) {
        open = step as Open;
        continue;
      }
      if (this.#failures.length > failures) throw this.#failures[this.#failures.length - 1];
      this.#depth--;
      return root as Expr;
    }
  }

  /** Whether the step just made lacks its last part. */
  #continues = false;

  /** One `x:`, `let … in`, `with …;`, `assert …;`, `if … else` head, or a whole operator expression. */
  #expressionStep(): Open | Expr {
    const pos = this.pos;
    switch (this.token) {
      case Token.identifier:
        return this.#identifierExpression(pos);
      case Token.braceOpen:
        return this.#braceExpression(pos);
      case Token.let:
        return this.#letExpression(pos);
      case Token.if:
        return this.#ifHead(pos);
      case Token.with: {
        this.next();
        const scope = this.#expression();
        this.#expect(Token.semicolon);
        return this.#open({ kind: 'with', pos, scope, body: undefined });
      }
      case Token.assert: {
        this.next();
        const condition = this.#expression();
        this.#expect(Token.semicolon);
        return this.#open({ kind: 'assert', pos, condition, body: undefined });
      }
    }
    return this.#operation(undefined, pos);
  }

  #open(expr: Open): Open {
    this.#continues = true;
    return expr;
  }

  #ifHead(pos: number): Open {
    this.next();
    const condition = this.#expression();
    this.#expect(Token.then);
    const then = this.#expression();
    this.#expect(Token.else);
    return this.#open({ kind: 'if', pos, condition, then, else: undefined } as Open);
  }

  #letExpression(pos: number): Open | Expr {
    this.next();
    if (this.#is(Token.braceOpen)) return this.#operation(this.#legacyLet(pos), pos);
    const attrs = openAttrs(pos, false);
    this.#bindings(attrs, undefined);
    this.#expect(Token.in);
    if (attrs.dynamicAttrs.length > 0) {
      this.#failures.push(dynamicInLet(this.source, pos));
    }
    return this.#open({ kind: 'let', pos, attrs, body: undefined } as Open);
  }

  #identifierExpression(pos: number): Open | Expr {
    const name = this.name;
    const doc = this.docPos;
    this.next();
    if (this.#is(Token.colon)) {
      this.next();
      return this.#lambda(pos, name, undefined, doc);
    }
    if (this.#is(Token.at)) {
      this.next();
      if (!this.#is(Token.braceOpen)) this.#fail();
      this.next();
      const formals = this.#formals(undefined);
      this.#expect(Token.colon);
      this.#checkFormals(formals, name, pos);
      return this.#lambda(pos, name, formals, doc);
    }
    return this.#operation(this.#variable(name, pos), pos);
  }

  /** `{` at the start of an expression: a function's formals or an attribute set, told apart by two tokens. */
  #braceExpression(pos: number): Open | Expr {
    const doc = this.docPos;
    this.next();
    let formals: FormalSet;
    if (this.#is(Token.braceClose)) {
      this.next();
      if (!this.#is(Token.colon) && !this.#is(Token.at)) {
        return this.#operation(openAttrs(pos, false), pos);
      }
      formals = { list: [], ellipsis: false };
    } else if (this.#is(Token.ellipsis)) formals = this.#formals(undefined);
    else if (this.#is(Token.identifier)) {
      const first = { name: this.name, pos: this.pos, doc: this.docPos };
      this.next();
      const attribute = this.#is(Token.dot) || this.#is(Token.assign);
      if (attribute) return this.#operation(this.#bracedSet(pos, false, first), pos);
      formals = this.#formals(first);
    } else return this.#operation(this.#bracedSet(pos, false, undefined), pos);
    return this.#formalsLambda(pos, formals, doc);
  }

  #formalsLambda(pos: number, formals: FormalSet, doc: number): Open {
    let name: string | undefined;
    if (this.#is(Token.at)) {
      this.next();
      if (!this.#is(Token.identifier)) this.#fail();
      name = this.name;
      this.next();
    }
    this.#expect(Token.colon);
    this.#checkFormals(formals, name, pos);
    return this.#lambda(pos, name, formals, doc);
  }

  #lambda(pos: number, arg: string | undefined, formals: FormalSet | undefined, docPos: number): Open {
    return this.#open({
      kind: 'lambda',
      pos,
      arg,
      formals,
      body: undefined,
      name: undefined,
      docPos: docPos < 0 ? undefined : docPos,
    } as Open);
  }

  /** The formals after `{` (and after the first name, where that has been read), up to and with `}`. */
  #formals(first: { name: string; pos: number } | undefined): FormalSet {
    const list: Formal[] = [];
    let named = first;
    for (;;) {
      if (!named) {
        if (this.#is(Token.ellipsis)) {
          this.next();
          this.#expect(Token.braceClose);
          return { list, ellipsis: true };
        }
        if (this.#is(Token.braceClose)) break;
        if (!this.#is(Token.identifier)) this.#fail();
        named = { name: this.name, pos: this.pos };
        this.next();
      }
      let fallback: Expr | undefined;
      if (this.#is(Token.question)) {
        this.next();
        fallback = this.#expression();
      }
      list.push({ name: named.name, pos: named.pos, fallback });
      named = undefined;
      if (!this.#is(Token.comma)) break;
      this.next();
    }
    this.#expect(Token.braceClose);
    return { list, ellipsis: false };
  }

  /** Notes the error when a formal is named twice. */
  #checkFormals(formals: FormalSet, arg: string | undefined, pos: number): void {
    const list = formals.list;
    let duplicate = -1;
    if (list.length <= 8) {
      for (let i = 1; i < list.length && duplicate < 0; i++) {
        for (let j = 0; j < i; j++) if (list[i].name === list[j].name) duplicate = i;
      }
    } else if (new Set(list.map((formal) => formal.name)).size < list.length) {
      duplicate = list.findIndex((formal, i) => list.findIndex((other) => other.name === formal.name) < i);
    }
    if (duplicate >= 0) {
      this.#failures.push(duplicateFormal(this.source, list[duplicate].pos, list[duplicate].name));
    } else if (arg !== undefined && list.some((formal) => formal.name === arg)) {
      this.#failures.push(duplicateFormal(this.source, pos, arg));
    }
  }

  // ---- operators ----

  /** An operator expression, with its first operand's innermost part where that has been read. Also pipes. */
  #operation(first: Expr | undefined, start: number): Expr {
    const left = this.#operatorExpression(first, start);
    this.#continues = false;
    if (this.#is(Token.pipeInto)) return this.#pipeInto(left);
    if (this.#is(Token.pipeFrom)) return this.#pipeFrom(left);
    return left;
  }

  #pipeInto(first: Expr): Expr {
    let value = first;
    while (this.#is(Token.pipeInto)) {
      const pos = this.pos;
      this.next();
      const fn = this.#operatorExpression(undefined, this.pos);
      value = call(fn, value, pos);
    }
    return value;
  }

  #pipeFrom(first: Expr): Expr {
    const functions = [first];
    const positions: number[] = [];
    while (this.#is(Token.pipeFrom)) {
      positions.push(this.pos);
      this.next();
      functions.push(this.#operatorExpression(undefined, this.pos));
    }
    let value = functions.pop() as Expr;
    while (functions.length > 0) value = call(functions.pop() as Expr, value, positions.pop() as number);
    return value;
  }

  #operatorExpression(first: Expr | undefined, firstStart: number): Expr {
    const base = this.#operators.length;
    let head = first;
    let start = firstStart;
    for (;;) {
      if (head === undefined) {
        while (this.#is(Token.minus) || this.#is(Token.not)) this.#pushPrefix();
        start = this.pos;
      }
      this.#operands.push(this.#application(head, start));
      this.#starts.push(start);
      head = undefined;
      while (this.#is(Token.question)) this.#hasAttr(base);
      const token = this.token;
      const level = strength[token];
      if (level === 0) break;
      this.#reduce(base, level);
      this.#operators.push(token);
      this.#operatorPositions.push(this.pos);
      this.next();
    }
    this.#reduce(base, 0);
    this.#starts.pop();
    return this.#operands.pop() as Expr;
  }

  #pushPrefix(): void {
    // `!` has no binary form; binary minus and negation share a token, told apart by `Token.dot` as a stand-in.
    this.#operators.push(this.#is(Token.minus) ? Token.dot : Token.not);
    this.#operatorPositions.push(this.pos);
    this.next();
  }

  #hasAttr(base: number): void {
    this.#reduce(base, hasAttribute);
    this.next();
    const path = this.#attrPath();
    const subject = this.#operands.pop() as Expr;
    this.#operands.push({ kind: 'hasAttr', pos: this.#starts[this.#starts.length - 1], subject, path });
  }

  /** Applies the operators above `base` that bind tighter than one of strength `level`, which comes next. */
  #reduce(base: number, level: number): void {
    const operators = this.#operators;
    while (operators.length > base) {
      const top = operators[operators.length - 1];
      const topLevel = top === Token.dot ? negation : top === Token.not ? unaryNot : strength[top];
      if (topLevel < level || (topLevel === level && (level & 1) === 1)) return;
      if (topLevel === level && (level === equality || level === comparison)) this.#fail();
      operators.pop();
      this.#apply(top, this.#operatorPositions.pop() as number);
    }
  }

  #apply(token: Token, pos: number): void {
    const operands = this.#operands;
    const right = operands.pop() as Expr;
    if (token === Token.dot || token === Token.not) {
      this.#starts[this.#starts.length - 1] = pos;
      operands.push({ kind: token === Token.not ? 'not' : 'negate', pos, operand: right });
      return;
    }
    const rightPos = this.#starts.pop() as number;
    const left = operands.pop() as Expr;
    const leftPos = this.#starts[this.#starts.length - 1];
    operands.push({ kind: 'binary', pos, operator: operatorNames[token], left, right, leftPos, rightPos });
  }

  // ---- application and selection ----

  #application(first: Expr | undefined, pos: number): Expr {
    const fn = this.#selection(first, pos);
    // At the head of an application, or in parentheses, `f or` means the same either way.
    if (this.#cursedOr?.expr === fn) this.#cursedOr = undefined;
    if (this.token > Token.lastSimple) return fn;
    // A call in parentheses takes further arguments into its own node, as in C++ Nix.
    const args: Expr[] = fn.kind === 'call' ? (fn.args as Expr[]) : [];
    do {
      const arg = this.#selection(undefined, this.pos);
      args.push(arg);
      if (this.#cursedOr?.expr === arg) this.#warnCursedOr();
    } while (this.token <= Token.lastSimple);
    return fn.kind === 'call' ? fn : { kind: 'call', pos, fn, args };
  }

  /** `simple`, `simple.path`, `simple.path or selection`, `simple or`. */
  #selection(first: Expr | undefined, pos: number): Expr {
    const subject = first ?? this.#simple();
    if (this.#is(Token.dot)) {
      this.next();
      const path = this.#attrPath();
      if (!this.#is(Token.or)) return { kind: 'select', pos, subject, path, fallback: undefined };
      this.next();
      this.#enter();
      const fallback = this.#selection(undefined, this.pos);
      this.#depth--;
      if (this.#cursedOr?.expr === fallback) this.#warnCursedOr();
      return { kind: 'select', pos, subject, path, fallback };
    }
    if (this.#is(Token.or)) {
      const end = this.end;
      const argument: Expr = { kind: 'var', pos, name: 'or' };
      this.next();
      const expr: Expr = { kind: 'call', pos, fn: subject, args: [argument] };
      this.#cursedOr = { expr, start: pos, end };
      return expr;
    }
    return subject;
  }

  #warnCursedOr(): void {
    const { start, end } = this.#cursedOr as { start: number; end: number };
    this.#cursedOr = undefined;
    const { line, column } = this.source.lineColumn(start);
    const message = `at ${this.source.displayName}:${line}:${column}: This expression uses \`or\` as an identifier in a way that will change in a future Nix release.
Wrap this entire expression in parentheses to preserve its current meaning:
    (${this.text.slice(start, end)})
Give feedback at https://github.com/NixOS/nix/pull/11121`;
    this.#warnings.push({ message, pos: start, located: false });
  }

  #attrPath(): AttrName[] {
    const path = [this.#attrName()];
    while (this.#is(Token.dot)) {
      this.next();
      path.push(this.#attrName());
    }
    return path;
  }

  #attrName(): AttrName {
    const pos = this.pos;
    switch (this.token) {
      case Token.identifier: {
        const name = this.name;
        this.next();
        return { name, pos };
      }
      case Token.or:
        this.next();
        return { name: 'or', pos };
      case Token.quote: {
        const expr = this.#string();
        return expr.kind === 'string' ? { name: expr.value, pos } : { expr, pos };
      }
      case Token.dollarBrace: {
        this.next();
        const expr = this.#expression();
        this.#expect(Token.braceClose);
        return expr.kind === 'string' ? { name: expr.value, pos } : { expr, pos };
      }
    }
    return this.#fail();
  }

  // ---- simple expressions ----

  #simple(): Expr {
    const pos = this.pos;
    switch (this.token) {
      case Token.identifier: {
        const name = this.name;
        this.next();
        return this.#variable(name, pos);
      }
      case Token.integer: {
        const value = this.number;
        this.next();
        return { kind: 'int', pos, value };
      }
      case Token.float: {
        const value = this.number as number;
        this.next();
        return { kind: 'float', pos, value };
      }
      case Token.quote:
        return this.#string();
      case Token.indentedOpen:
        return this.#indentedString();
      case Token.path:
      case Token.homePath:
        return this.#path();
      case Token.searchPath: {
        const value = this.text.slice(pos + 1, this.end - 1);
        this.next();
        return { kind: 'searchPath', pos, value };
      }
      case Token.uri: {
        const value = this.text.slice(pos, this.end);
        this.#lintUrl(pos, value);
        this.next();
        return { kind: 'string', pos, value };
      }
      case Token.parenOpen: {
        this.next();
        const expr = this.#expression();
        this.#expect(Token.parenClose);
        return expr;
      }
      case Token.let:
        this.next();
        if (!this.#is(Token.braceOpen)) this.#fail();
        return this.#legacyLet(pos);
      case Token.rec:
        this.next();
        if (!this.#is(Token.braceOpen)) this.#fail();
        this.next();
        return this.#bracedSet(pos, true, undefined);
      case Token.braceOpen:
        this.next();
        return this.#bracedSet(pos, false, undefined);
      case Token.bracketOpen:
        return this.#list();
    }
    return this.#fail();
  }

  #lint(name: keyof Lints, pos: number, message: (fatal: boolean) => string): void {
    const level = this.#options.lints?.[name] ?? 'ignore';
    if (level === 'ignore') return;
    const text = `${message(level === 'fatal')} (${lintNames[name]})`;
    if (level === 'fatal') throw lintError(this.source, pos, text);
    this.#warnings.push({ message: text, pos, located: true });
  }

  #lintUrl(pos: number, value: string): void {
    this.#lint('urlLiterals', pos, (fatal) => {
      const verdict = fatal ? 'disallowed' : 'discouraged';
      return `URL literals are ${verdict}. Consider using a string literal "${value}" instead`;
    });
  }

  #lintPath(pos: number, literal: string): void {
    const instead = `Consider replacing path literal '${literal}' by a string, relative path, or parameter`;
    const name = 'absolutePathLiterals';
    if (literal.startsWith('/'))
      this.#lint(name, pos, () => `absolute path literals are not portable. ${instead}`);
    else if (literal.startsWith('~'))
      this.#lint(name, pos, () => `home path literals are not portable. ${instead}`);
    else if (!literal.startsWith('.')) {
      const clear = `should be prefixed with '.' for clarity: './${literal}'`;
      this.#lint('shortPathLiterals', pos, () => `relative path literal '${literal}' ${clear}`);
    }
  }

  #variable(name: string, pos: number): Expr {
    return name === '__curPos' ? { kind: 'curPos', pos } : { kind: 'var', pos, name };
  }

  #list(): Expr {
    const pos = this.pos;
    this.next();
    this.#enter();
    const items: Expr[] = [];
    while (!this.#is(Token.bracketClose)) {
      const item = this.#selection(undefined, this.pos);
      items.push(item);
      if (this.#cursedOr?.expr === item) this.#warnCursedOr();
    }
    this.#depth--;
    this.next();
    return { kind: 'list', pos, items };
  }

  /** `let { …; body = …; }`; the current token is the brace. */
  #legacyLet(pos: number): Expr {
    this.next();
    const subject = this.#bracedSet(pos, true, undefined);
    return { kind: 'select', pos, subject, path: [{ name: 'body', pos }], fallback: undefined };
  }

  /** The bindings after `{` (and after the first name, where that has been read), with the closing brace. */
  #bracedSet(
    pos: number,
    recursive: boolean,
    first: { name: string; pos: number; doc: number } | undefined,
  ): AttrsExpr {
    const attrs = openAttrs(pos, recursive);
    this.#enter();
    this.#bindings(attrs, first);
    this.#depth--;
    this.#expect(Token.braceClose);
    return attrs;
  }

  #bindings(attrs: OpenAttrs, first: { name: string; pos: number; doc: number } | undefined): void {
    if (first) this.#binding(attrs, [{ name: first.name, pos: first.pos }], first.pos, first.doc);
    for (;;) {
      switch (this.token) {
        case Token.inherit:
          this.#inherit(attrs);
          break;
        case Token.identifier:
        case Token.or:
        case Token.quote:
        case Token.dollarBrace: {
          const pos = this.pos;
          const doc = this.docPos;
          this.#binding(attrs, [this.#attrName()], pos, doc);
          break;
        }
        default:
          return;
      }
    }
  }

  /** One `path = value;`, whose first name has been read. */
  #binding(attrs: OpenAttrs, path: AttrName[], pos: number, doc: number): void {
    while (this.#is(Token.dot)) {
      this.next();
      path.push(this.#attrName());
    }
    if (!this.#is(Token.assign)) this.#fail();
    this.next();
    const value = this.#expression();
    if (!this.#is(Token.semicolon)) this.#fail();
    if (doc >= 0) documentLambdas(value, doc);
    // Before the next token is read: its lexical errors come after this definition's.
    this.#builder.define(attrs, path, value, pos);
    this.next();
  }

  #inherit(attrs: OpenAttrs): void {
    this.next();
    let subject: Expr | undefined;
    if (this.#is(Token.parenOpen)) {
      this.next();
      subject = this.#expression();
      this.#expect(Token.parenClose);
    }
    const names: { name: string; pos: number }[] = [];
    while (!this.#is(Token.semicolon)) names.push(this.#inheritedName());
    if (subject) this.#inheritFrom(attrs, subject, names);
    else {
      for (const { name, pos } of names) {
        const value: Expr = { kind: 'var', pos, name };
        this.#builder.inherit(attrs, { name, pos, value, source: 'inherit', fromIndex: undefined });
      }
    }
    this.next();
  }

  #inheritFrom(attrs: OpenAttrs, subject: Expr, names: readonly { name: string; pos: number }[]): void {
    const fromIndex = attrs.inheritFrom.push(subject) - 1;
    for (const step of names) {
      const { name, pos } = step;
      const value: Expr = { kind: 'select', pos, subject, path: [step], fallback: undefined };
      this.#builder.inherit(attrs, { name, pos, value, source: 'inheritFrom', fromIndex });
    }
  }

  #inheritedName(): { name: string; pos: number } {
    if (this.token > Token.or && !this.#is(Token.dollarBrace)) this.#fail();
    const step = this.#attrName();
    if ('expr' in step) throw dynamicInInherit(this.source, step.pos);
    return step;
  }

  // ---- strings and paths ----

  /** A `"` string; afterwards the token behind it is the current one. */
  #string(): Expr {
    const pos = this.pos;
    const first = this.end;
    const text = this.#stringText();
    if (this.text.charCodeAt(this.end) === 0x22) return this.#endString({ kind: 'string', pos, value: text });
    const parts: Expr[] = [];
    const positions: number[] = [];
    if (text !== '') {
      parts.push({ kind: 'string', pos: first, value: text });
      positions.push(first);
    }
    for (;;) {
      positions.push(this.end);
      parts.push(this.#interpolation());
      const start = this.end;
      const piece = this.#stringText();
      if (piece !== '') {
        parts.push({ kind: 'string', pos: start, value: piece });
        positions.push(start);
      }
      if (this.text.charCodeAt(this.end) === 0x22) break;
    }
    return this.#endString({ kind: 'concat', pos: first, isPath: false, parts, positions });
  }

  #stringText(): string {
    const text = this.scanString();
    return text === undefined ? this.#fail() : text;
  }

  #endString(expr: Expr): Expr {
    this.end++;
    this.next();
    return expr;
  }

  /** `${ … }` with `end` at the dollar; leaves `end` behind the brace, in the string's mode. */
  #interpolation(): Expr {
    this.end += 2;
    this.next();
    const expr = this.#expression();
    if (!this.#is(Token.braceClose)) this.#fail();
    return expr;
  }

  #indentedString(): Expr {
    const pos = this.pos;
    const parts: IndentedPart[] = [];
    for (;;) {
      const start = this.end;
      const kind = this.scanIndented();
      if (kind === undefined) this.#fail();
      if (kind === 'close') break;
      if (kind === 'interpolation') {
        this.end = start;
        parts.push({ pos: start, text: '', indented: false, expr: this.#interpolation() });
      } else parts.push({ pos: start, text: this.piece, indented: kind === 'text', expr: undefined });
    }
    this.next();
    return indentedExpr(pos, stripIndentation(parts));
  }

  #path(): Expr {
    const pos = this.pos;
    const head = this.#pathHead();
    const parts: Expr[] = [head];
    const positions = [pos];
    for (;;) {
      const start = this.end;
      if (this.text.charCodeAt(start) === 0x24 && this.text.charCodeAt(start + 1) === 0x7b) {
        positions.push(start);
        parts.push(this.#interpolation());
        continue;
      }
      const end = this.pathPieceEnd(start);
      if (end === start) break;
      positions.push(start);
      parts.push({ kind: 'string', pos: start, value: this.text.slice(start, end) });
      this.end = end;
      // Literal text right behind the head (`/a//b`) is only grammatical before an interpolation.
      const last = this.text.charCodeAt(end - 1);
      if (parts.length === 2 && this.text.charCodeAt(end) !== 0x24 && last !== 0x2f) this.#fail();
      if (parts.length === 3 && parts[1].kind === 'string' && parts[2].kind === 'string') this.#fail();
    }
    if (this.text.charCodeAt(this.end - 1) === 0x2f) {
      // At the end of the input the position is still that of the last piece.
      throw trailingSlash(this.source, this.end < this.length ? this.end : positions[positions.length - 1]);
    }
    this.next();
    return parts.length === 1 ? head : { kind: 'concat', pos, isPath: true, parts, positions };
  }

  #pathHead(): Expr {
    const pos = this.pos;
    const literal = this.text.slice(pos, this.end);
    if (this.#is(Token.homePath)) {
      const home = this.#options.homeDir;
      if (home === undefined) throw homePathInPureMode(this.source, pos, literal);
      this.#lintPath(pos, literal);
      return { kind: 'path', pos, value: home + literal.slice(1) };
    }
    this.#lintPath(pos, literal);
    let value = canonicalPath(literal.startsWith('/') ? literal : `${this.#options.basePath}/${literal}`);
    if (literal.length > 1 && literal.endsWith('/')) value += '/';
    return { kind: 'path', pos, value };
  }
}

/** `fn` applied to one more argument. */
function call(fn: Expr, arg: Expr, pos: number): Expr {
  if (fn.kind !== 'call') return { kind: 'call', pos, fn, args: [arg] };
  (fn.args as Expr[]).push(arg);
  return fn;
}

/** Gives a doc comment to a lambda and to those directly within that have none of their own. */
function documentLambdas(value: Expr, doc: number): void {
  for (let expr = value; expr.kind === 'lambda'; expr = expr.body) {
    if (expr.docPos !== undefined) return;
    expr.docPos = doc;
  }
}

function indentedExpr(pos: number, parts: readonly IndentedPart[]): Expr {
  if (parts.length === 0) return { kind: 'string', pos, value: '' };
  const exprs = parts.map(
    (part): Expr => part.expr ?? ({ kind: 'string', pos: part.pos, value: part.text } satisfies StringExpr),
  );
  if (exprs.length === 1 && exprs[0].kind === 'string') return exprs[0];
  return { kind: 'concat', pos, isPath: false, parts: exprs, positions: parts.map((part) => part.pos) };
}

/** An absolute path without `.`, `..`, repeated and trailing slashes. */
export function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

/**
 * Parses one Nix expression, the whole text. Does not look at variables' scopes (see `checkScopes`).
 *
 * @throws ParseError with C++ Nix's message and the position, also when the expression is nested too deeply.
 */
export function parse(source: SourceFile, options: ParseOptions): ParsedFile {
  const parser = new Parser(source, options);
  try {
    return parser.parseFile();
  } catch (error) {
    // The stack's end, where it comes before the depth limit.
    if (error instanceof RangeError) throw tooDeep(source, parser.pos);
    throw error;
  }
}
