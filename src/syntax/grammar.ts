/**
 * The grammar of the Nix language in the shape in which C++ Nix 2.36 states it to its parser generator. Only
 * the analysis of syntax errors uses it: which tokens a message names as expected follows from the states of
 * that LALR(1) automaton, so its rules, token order and precedences must have the same shape. Upper-case words
 * and quoted characters are tokens, the others nonterminals; `%NAME` at the end sets a rule's precedence.
 */
import { Token } from './tokens.ts';

/** Tokens in the generator's order, which is the order of "expecting A or B", with their names in messages. */
export const terminals: readonly (readonly [
  symbol: string,
  description: string,
  token: Token | undefined,
])[] = [
  ['END', 'end of file', Token.endOfFile],
  ['UNDEFINED', 'invalid token', Token.invalid],
  ['ID', 'identifier', Token.identifier],
  ['STR', 'string', Token.string],
  ['IND_STR', 'indented string', Token.indentedString],
  ['INT', 'integer', Token.integer],
  ['FLOAT', 'floating-point literal', Token.float],
  ['PATH', 'path', Token.path],
  ['HPATH', "'~/\u00e2\u0080\u00a6' path", Token.homePath],
  ['SPATH', "'<\u00e2\u0080\u00a6>' path", Token.searchPath],
  ['PATH_END', 'end of path', Token.pathEnd],
  ['URI', 'URI', Token.uri],
  ['IF', "'if'", Token.if],
  ['THEN', "'then'", Token.then],
  ['ELSE', "'else'", Token.else],
  ['ASSERT', "'assert'", Token.assert],
  ['WITH', "'with'", Token.with],
  ['LET', "'let'", Token.let],
  ['IN', "'in'", Token.in],
  ['REC', "'rec'", Token.rec],
  ['INHERIT', "'inherit'", Token.inherit],
  ['EQ', "'=='", Token.equal],
  ['NEQ', "'!='", Token.notEqual],
  ['LEQ', "'<='", Token.lessEqual],
  ['GEQ', "'>='", Token.greaterEqual],
  ['UPDATE', "'//'", Token.update],
  ['CONCAT', "'++'", Token.concat],
  ['AND', "'&&'", Token.and],
  ['OR', "'||'", Token.orOr],
  ['IMPL', "'->'", Token.implies],
  ['OR_KW', "'or'", Token.or],
  ['PIPE_FROM', "'<|'", Token.pipeFrom],
  ['PIPE_INTO', "'|>'", Token.pipeInto],
  ['DOLLAR_CURLY', "'${'", Token.dollarBrace],
  ['IND_OPEN', 'start of an indented string', Token.indentedOpen],
  ['IND_CLOSE', 'end of an indented string', Token.indentedClose],
  ['ELLIPSIS', "'...'", Token.ellipsis],
  ['REPL_BINDINGS', 'start of REPL bindings', undefined],
  ['<', "'<'", Token.less],
  ['>', "'>'", Token.greater],
  ['NOT', 'NOT', undefined],
  ['+', "'+'", Token.plus],
  ['-', "'-'", Token.minus],
  ['*', "'*'", Token.times],
  ['/', "'/'", Token.divide],
  ['?', "'?'", Token.question],
  ['NEGATE', 'NEGATE', undefined],
  [':', "':'", Token.colon],
  ['@', "'@'", Token.at],
  [';', "';'", Token.semicolon],
  ['!', "'!'", Token.not],
  ['.', "'.'", Token.dot],
  ['"', "'\"'", Token.quote],
  ['(', "'('", Token.parenOpen],
  [')', "')'", Token.parenClose],
  ['{', "'{'", Token.braceOpen],
  ['}', "'}'", Token.braceClose],
  ['=', "'='", Token.assign],
  ['[', "'['", Token.bracketOpen],
  [']', "']'", Token.bracketClose],
  [',', "','", Token.comma],
];

/** Operators from loosest to tightest. */
export const precedences: readonly (readonly ['left' | 'right' | 'none', ...string[]])[] = [
  ['right', 'IMPL'],
  ['left', 'OR'],
  ['left', 'AND'],
  ['none', 'EQ', 'NEQ'],
  ['none', '<', '>', 'LEQ', 'GEQ'],
  ['right', 'UPDATE'],
  ['left', 'NOT'],
  ['left', '+', '-'],
  ['left', '*', '/'],
  ['right', 'CONCAT'],
  ['none', '?'],
  ['none', 'NEGATE'],
];

/** `left: right` per line, alternatives apart; order matters for ties. */
export const rules = `
start: expr
start: REPL_BINDINGS binds1
expr: expr_function
expr_function: ID : expr_function
expr_function: formal_set : expr_function
expr_function: formal_set @ ID : expr_function
expr_function: ID @ formal_set : expr_function
expr_function: ASSERT expr ; expr_function
expr_function: WITH expr ; expr_function
expr_function: LET binds IN expr_function
expr_function: expr_if
expr_if: IF expr THEN expr ELSE expr
expr_if: expr_pipe_from
expr_if: expr_pipe_into
expr_if: expr_op
expr_pipe_from: expr_op PIPE_FROM expr_pipe_from
expr_pipe_from: expr_op PIPE_FROM expr_op
expr_pipe_into: expr_pipe_into PIPE_INTO expr_op
expr_pipe_into: expr_op PIPE_INTO expr_op
expr_op: ! expr_op %NOT
expr_op: - expr_op %NEGATE
expr_op: expr_op EQ expr_op
expr_op: expr_op NEQ expr_op
expr_op: expr_op < expr_op
expr_op: expr_op LEQ expr_op
expr_op: expr_op > expr_op
expr_op: expr_op GEQ expr_op
expr_op: expr_op AND expr_op
expr_op: expr_op OR expr_op
expr_op: expr_op IMPL expr_op
expr_op: expr_op UPDATE expr_op
expr_op: expr_op ? attrpath
expr_op: expr_op + expr_op
expr_op: expr_op - expr_op
expr_op: expr_op * expr_op
expr_op: expr_op / expr_op
expr_op: expr_op CONCAT expr_op
expr_op: expr_app
expr_app: expr_app expr_select
expr_app: expr_select
expr_select: expr_simple . attrpath
expr_select: expr_simple . attrpath OR_KW expr_select
expr_select: expr_simple OR_KW
expr_select: expr_simple
expr_simple: ID
expr_simple: INT
expr_simple: FLOAT
expr_simple: " string_parts "
expr_simple: IND_OPEN ind_string_parts IND_CLOSE
expr_simple: path_start PATH_END
expr_simple: path_start string_parts_interpolated PATH_END
expr_simple: SPATH
expr_simple: URI
expr_simple: ( expr )
expr_simple: LET { binds }
expr_simple: REC { binds }
expr_simple: { binds1 }
expr_simple: { }
expr_simple: [ list ]
string_parts: STR
string_parts: string_parts_interpolated
string_parts:
string_parts_interpolated: string_parts_interpolated STR
string_parts_interpolated: string_parts_interpolated DOLLAR_CURLY expr }
string_parts_interpolated: DOLLAR_CURLY expr }
string_parts_interpolated: STR DOLLAR_CURLY expr }
path_start: PATH
path_start: HPATH
ind_string_parts: ind_string_parts IND_STR
ind_string_parts: ind_string_parts DOLLAR_CURLY expr }
ind_string_parts:
binds: binds1
binds:
binds1: binds1 attrpath = expr ;
binds1: binds INHERIT attrs ;
binds1: binds INHERIT ( expr ) attrs ;
binds1: attrpath = expr ;
attrs: attrs attr
attrs: attrs string_attr
attrs:
attrpath: attrpath . attr
attrpath: attrpath . string_attr
attrpath: attr
attrpath: string_attr
attr: ID
attr: OR_KW
string_attr: " string_parts "
string_attr: DOLLAR_CURLY expr }
list: list expr_select
list:
formal_set: { formals , ELLIPSIS }
formal_set: { ELLIPSIS }
formal_set: { formals , }
formal_set: { formals }
formal_set: { }
formals: formals , formal
formals: formal
formal: ID
formal: ID ? expr
`;
