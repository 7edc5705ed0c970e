/**
 * Printing an expression as `nix-instantiate --parse` does: one line, every operator in parentheses, arithmetic
 * and `<` as calls of `__sub`, `__mul`, `__div`, `__lessThan`, attributes sorted by name. Not recursive, so
 * that a chain of a million operators prints.
 */
import type { AttrDef, AttrName, AttrsExpr, BinaryExpr, Expr, LambdaExpr, UnaryExpr } from './ast.ts';

/** What is still to be printed, last first. */
type Item = string | Expr;

/** The expression as C++ Nix's parser prints it (byte string). */
export function printExpr(expr: Expr): string {
  let result = '';
  const todo: Item[] = [expr];
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    if (typeof item === 'string') result += item;
    else {
      const items = pieces(item);
      for (let i = items.length - 1; i >= 0; i--) todo.push(items[i]);
    }
  }
  return result;
}

/** The pieces that an expression's text consists of. */
function pieces(expr: Expr): readonly Item[] {
  switch (expr.kind) {
    case 'int':
      return [String(expr.value)];
    case 'float':
      return [formatFloat(expr.value)];
    case 'string':
      return [printString(expr.value)];
    case 'path':
      return [expr.value];
    case 'searchPath':
    case 'call':
      return ['(', ...callPieces(expr), ')'];
    case 'var':
      return [printName(expr.name)];
    case 'curPos':
      return ['__curPos'];
    case 'concat':
      return ['(', ...separated(expr.parts, ' + '), ')'];
    case 'select':
      return [
        '(',
        expr.subject,
        ').',
        ...attrPathPieces(expr.path),
        ...(expr.fallback ? [' or (', expr.fallback, ')'] : []),
      ];
    case 'hasAttr':
      return ['((', expr.subject, ') ? ', ...attrPathPieces(expr.path), ')'];
    case 'attrs':
      return [expr.recursive ? 'rec { ' : '{ ', ...bindingPieces(expr), '}'];
    case 'list':
      return ['[ ', ...expr.items.flatMap((item) => ['(', item, ') ']), ']'];
    case 'lambda':
      return ['(', ...parameterPieces(expr), ': ', expr.body, ')'];
    case 'let':
      return ['(let ', ...bindingPieces(expr.attrs), 'in ', expr.body, ')'];
    case 'with':
      return ['(with ', expr.scope, '; ', expr.body, ')'];
    case 'if':
      return ['(if ', expr.condition, ' then ', expr.then, ' else ', expr.else, ')'];
    case 'assert':
      return ['assert ', expr.condition, '; ', expr.body];
    case 'not':
      return ['(! ', expr.operand, ')'];
    case 'negate':
    case 'binary':
      return operatorPieces(expr);
  }
}

function operatorPieces(expr: BinaryExpr | UnaryExpr): Item[] {
  if (expr.kind === 'binary' && (expr.operator === '<=' || expr.operator === '>=')) {
    return ['(! (', ...callPieces(expr), '))'];
  }
  const call = callPieces(expr);
  if (call.length > 0) return ['(', ...call, ')'];
  const { left, operator, right } = expr as BinaryExpr;
  return ['(', left, ` ${operator} `, right, ')'];
}

const arithmetic: Readonly<Record<string, string>> = { '-': '__sub', '*': '__mul', '/': '__div' };

/** The inside of a call's parentheses; empty when C++ Nix does not see a call in this expression. */
function callPieces(expr: Expr): Item[] {
  switch (expr.kind) {
    case 'call': {
      // A call of a call takes all arguments at once, also where the inner one is written with an operator.
      const inner = expr.fn.kind === 'binary' && /[<>]=/.test(expr.fn.operator) ? [] : callPieces(expr.fn);
      return [...(inner.length > 0 ? inner : [expr.fn]), ...expr.args.flatMap((argument) => [' ', argument])];
    }
    case 'searchPath':
      return ['__findFile __nixPath ', printString(expr.value)];
    case 'negate':
      return ['__sub 0 ', expr.operand];
    case 'binary':
      if (expr.operator === '<' || expr.operator === '>=') return ['__lessThan ', expr.left, ' ', expr.right];
      if (expr.operator === '>' || expr.operator === '<=') return ['__lessThan ', expr.right, ' ', expr.left];
      if (arithmetic[expr.operator]) return [`${arithmetic[expr.operator]} `, expr.left, ' ', expr.right];
  }
  return [];
}

function separated(items: readonly Expr[], separator: string): Item[] {
  return items.flatMap((item, index) => (index === 0 ? [item] : [separator, item]));
}

function attrPathPieces(path: readonly AttrName[]): Item[] {
  return path.flatMap((step, index) => [
    index === 0 ? '' : '.',
    ...('expr' in step ? ['"${', step.expr, '}"'] : [printName(step.name)]),
  ]);
}

/** An attribute path as error messages show it: `a."b c"."${x}"`. */
export function printAttrPath(path: readonly AttrName[]): string {
  return attrPathPieces(path)
    .map((piece) => (typeof piece === 'string' ? piece : printExpr(piece)))
    .join('');
}

function bindingPieces(attrs: AttrsExpr): Item[] {
  const sorted = [...attrs.attrs].sort((a, b) => compareBytes(a.name, b.name));
  const result: Item[] = [];
  const inherited = sorted.filter((def) => def.source === 'inherit');
  if (inherited.length > 0) result.push('inherit', ...names(inherited), '; ');
  const groups = new Map<number, AttrDef[]>();
  for (const def of sorted) {
    if (def.fromIndex !== undefined) groups.set(def.fromIndex, [...(groups.get(def.fromIndex) ?? []), def]);
  }
  for (const [index, defs] of [...groups].sort((a, b) => a[0] - b[0])) {
    result.push('inherit (', attrs.inheritFrom[index], ')', ...names(defs), '; ');
  }
  for (const def of sorted) {
    if (def.source === 'plain') result.push(`${printName(def.name)} = `, def.value, '; ');
  }
  for (const def of attrs.dynamicAttrs) result.push('"${', def.name, '}" = ', def.value, '; ');
  return result;
}

function names(defs: readonly AttrDef[]): string[] {
  return defs.map((def) => ` ${printName(def.name)}`);
}

function parameterPieces(lambda: LambdaExpr): Item[] {
  const { formals, arg } = lambda;
  if (!formals) return [printName(arg ?? '')];
  const sorted = [...formals.list].sort((a, b) => compareBytes(a.name, b.name));
  const shown: Item[][] = sorted.map((formal) =>
    formal.fallback ? [printName(formal.name), ' ? ', formal.fallback] : [printName(formal.name)],
  );
  if (formals.ellipsis) shown.push(['...']);
  const list = shown.flatMap((items, index) => (index === 0 ? items : [', ', ...items]));
  return ['{ ', ...list, arg === undefined ? ' }' : ` } @ ${printName(arg)}`];
}

/** Order of byte strings. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const keywords = new Set(['if', 'then', 'else', 'assert', 'with', 'let', 'in', 'rec', 'inherit']);

/** A name as an attribute or variable, quoted where it must be. */
export function printName(name: string): string {
  if (keywords.has(name)) return `"${name}"`;
  return /^[a-zA-Z_][a-zA-Z0-9_'-]*$/.test(name) ? name : printString(name);
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '${': '\\${',
};

/** A string as a Nix literal. */
export function printString(text: string): string {
  return `"${text.replace(/["\\\n\r\t]|\$\{/g, (found) => escapes[found])}"`;
}

/** A float as C++ streams print it by default (`%g`): six significant digits, no trailing zeros. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return Object.is(Math.sign(value), -1) ? '-nan' : 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponentText] = sixDigits(value).split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimZeros(digits)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  // The rounded value has at most six digits, so that printing it again is exact.
  return trimZeros(Number(`${digits}e${exponent}`).toFixed(Math.max(0, 5 - exponent)));
}

/** Six significant digits in exponent form, ties to even as in C; JavaScript rounds ties up. */
function sixDigits(value: number): string {
  const rounded = value.toExponential(5);
  const exact = value.toExponential(40);
  const [digits, exponent] = exact.split('e');
  const tail = digits.slice(digits.indexOf('.') + 6);
  if (!/^50*$/.test(tail)) return rounded;
  const head = digits.slice(0, digits.indexOf('.') + 6);
  return Number(head.at(-1)) % 2 === 0 ? `${head}e${exponent}` : rounded;
}

function trimZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
