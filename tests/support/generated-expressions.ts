/**
 * Random Nix expressions. They are mostly of one type each, so that most of them have a value, and use variables of
 * every type that are bound around them; now and then a wrong type, a missing name or a circle slips in, on purpose:
 * errors are compared, too.
 */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;
type Types = Record<'int' | 'float' | 'string' | 'bool' | 'list' | 'set' | 'fun' | 'any', string>;

const names = ['a', 'b', 'c', 'x', 'foo', 'a-b', "q'", '__toString', 'outPath', 'type', '1', 'é', 'or', ''];
const identifiers = ['a', 'b', 'c', 'x', 'foo', 'a-b', "q'", 'type'];

/** A template: `@int` and so on stand for expressions of the type, `%name` for attribute names, `%id` for identifiers. */
const templates: Readonly<Record<keyof Types, readonly string[]>> = {
  int: [
    '0',
    '1',
    '-1',
    '7',
    '(-3)',
    '42',
    '9223372036854775807',
    '(@int + @int)',
    '(@int - @int)',
    '(@int * @int)',
    '(@int / @int)',
    '(- @int)',
    'i1',
    'i2',
    '(if @bool then @int else @int)',
    '(builtins.length @list)',
    '(builtins.stringLength @string)',
    '(builtins.add @int @int)',
    '(builtins.bitAnd @int @int)',
    '(builtins.bitOr @int @int)',
    '(builtins.bitXor @int @int)',
    '(builtins.compareVersions @string @string)',
    '(builtins.floor @float)',
    '(builtins.ceil @float)',
    '(let x = @int; in x + @int)',
    '(f1 @int)',
    "(builtins.foldl' (x: y: x + y) @int [ @int @int ])",
    '({ %id = @int; }.%id or @int)',
    '(with @set; i1)',
    '(builtins.length (builtins.attrNames @set))',
    '((x: y: x - y) @int @int)',
    '(builtins.seq @any @int)',
    '(({ %id ? @int, ... }: 1) @set)',
    '(builtins.div @int @int)',
    '(builtins.sub @int @int)',
    '(builtins.mul @int @int)',
  ],
  float: [
    '0.5',
    '1.0',
    '-2.25',
    '1.0e10',
    '(@int + 0.5)',
    '(@float * @float)',
    '(@float / @float)',
    '123456789.125',
    '.5',
    '1.0e-7',
    '(builtins.fromJSON "1e2")',
  ],
  string: [
    '""',
    '"a"',
    '"foo bar"',
    '"${@string}x"',
    '"\\n\\t\\"\\\\\\${"',
    "''\n  two\n    lines\n''",
    "''${@string}''",
    '(@string + @string)',
    's1',
    's2',
    '(toString @any)',
    '(builtins.substring @int @int @string)',
    '(builtins.concatStringsSep @string [ @string @string ])',
    '(builtins.replaceStrings [ "a" @string ] [ "b" @string ] @string)',
    '(builtins.typeOf @any)',
    '(builtins.toJSON @any)',
    '(builtins.hashString "sha256" @string)',
    '(baseNameOf @string)',
    '(dirOf "x/y/a")',
    '(builtins.head (builtins.attrNames @set))',
    '(builtins.toXML @int)',
    'http://a.b/c',
    '(if @bool then @string else @string)',
    '"${toString @int}-${@string}"',
    '"é€"',
    '(builtins.head (builtins.splitVersion "1.2a-3"))',
    '(builtins.unsafeDiscardStringContext @string)',
    '(builtins.parseDrvName "a-b-1.2").name',
    '("a" + ./b)',
    '"$${a}$"',
    "''\\''${''",
    '(builtins.convertHash { hash = builtins.hashString "md5" @string; hashAlgo = "md5"; toHashFormat = "sri"; })',
  ],
  bool: [
    'true',
    'false',
    '(@int < @int)',
    '(@int == @int)',
    '(@string == @string)',
    '(@any == @any)',
    '(@bool && @bool)',
    '(@bool || @bool)',
    '(!@bool)',
    '(@bool -> @bool)',
    '(@set ? %id)',
    '(@set ? %id.%id)',
    '(@set ? "%name")',
    '(builtins.elem @any @list)',
    '(builtins.all (x: @bool) @list)',
    '(builtins.any (x: @bool) @list)',
    '(builtins.isInt @any)',
    '(builtins.isAttrs @any)',
    '(builtins.isFunction @any)',
    '(builtins.isString @any)',
    '(@string < @string)',
    '(@list < @list)',
    '(@float <= @int)',
    '(builtins.hasAttr @string @set)',
    '(builtins.lessThan @int @int)',
    '(builtins.isNull @any)',
    '(@list == @list)',
    '(@set == @set)',
    '(@set != @set)',
    '(@int >= @float)',
    '(builtins.isFloat @any)',
    '(builtins.isList @any)',
    '(builtins.isPath @any)',
    '(builtins.isBool @any)',
    '(builtins.tryEval @any).success',
  ],
  list: [
    '[ ]',
    '[ @any ]',
    '[ @any @any ]',
    '[ @int @int @int ]',
    '[ @string @string ]',
    '(@list ++ @list)',
    'l1',
    '(map (x: @any) @list)',
    '(map f1 [ @int @int ])',
    '(builtins.filter (x: @bool) @list)',
    '(builtins.attrNames @set)',
    '(builtins.attrValues @set)',
    '(builtins.genList (n: n * @int) (builtins.bitAnd 7 @int))',
    '(builtins.sort (x: y: x < y) [ @int @int @int @int ])',
    '(builtins.tail [ @any @any ])',
    '(builtins.concatLists [ @list @list ])',
    '(builtins.concatMap (x: [ x @any ]) @list)',
    '(builtins.split "([a-c]+)|(o)" @string)',
    '(builtins.match "(.*)([a-z])(x?)" @string)',
    '(builtins.splitVersion @string)',
    '(builtins.partition (x: @bool) @list).right',
    '(builtins.catAttrs "%name" [ @set @set ])',
    '(builtins.genericClosure { startSet = [ { key = @int; } { key = @int; } ]; operator = x: if x.key < 3 && x.key > 0 then [ { key = x.key - 1; } ] else [ ]; })',
    '(builtins.sort builtins.lessThan [ @string @string ])',
    '(with @set; [ a ])',
  ],
  set: [
    '{ }',
    '{ %id = @any; }',
    '{ %id = @int; %id.%id = @any; }',
    '{ "%name" = @any; }',
    '{ ${@string} = @any; }',
    'rec { a = @int; b = a + @int; }',
    'rec { inherit (@set) a; c = @any; }',
    '{ inherit i1 s1; }',
    '(@set // @set)',
    'a1',
    'a2',
    '(builtins.mapAttrs (n: v: @any) @set)',
    '(removeAttrs @set [ @string "a" ])',
    '(builtins.listToAttrs [ { name = @string; value = @any; } { name = "a"; value = @any; } ])',
    '(builtins.intersectAttrs @set @set)',
    '(builtins.functionArgs ({ a, b ? 1, ... }: a))',
    '(builtins.tryEval @any)',
    '(builtins.tryEval (throw @string))',
    '(builtins.tryEval (assert @bool; @any))',
    '(builtins.groupBy (x: toString x) [ @int @int @string ])',
    '(builtins.partition (x: @bool) @list)',
    '(builtins.zipAttrsWith (n: vs: vs) [ @set @set ])',
    '(builtins.parseDrvName @string)',
    '(builtins.fromJSON (builtins.toJSON @set))',
    '(builtins.fromTOML "a = ${toString @int}")',
    '(let inherit (@set) a; in { inherit a; })',
    '{ __toString = self: @string; a = @any; }',
    '{ outPath = @string; }',
    '{ __functor = self: x: @any; }',
    '(let { body = @set; })',
    '({ a ? @any, ... }@args: args // { inherit a; }) @set',
    '{ a.b = @any; a.c = @any; }',
    '{ a = { b = @any; }; a.c = @any; }',
    '(builtins.unsafeGetAttrPos "zz" @set)',
  ],
  fun: [
    '(x: @any)',
    '(x: x)',
    'f1',
    '({ a, b ? @int }: a)',
    '(x: y: @any)',
    'builtins.length',
    '(builtins.add @int)',
    '{ __functor = self: x: x; }',
    'f2',
    '({ ... }@a: a)',
  ],
  any: [
    '@int',
    '@int',
    '@string',
    '@string',
    '@bool',
    '@list',
    '@list',
    '@set',
    '@set',
    '@float',
    'null',
    '@fun',
    '(@fun @any)',
    '(@set.%id or @any)',
    '@set.%id',
    '(if @bool then @any else @any)',
    '(builtins.elemAt @list @int)',
    '(builtins.head @list)',
    '(let x = @any; in x)',
    '(let x = @any; y = x; in { inherit x y; })',
    '(with @set; %id)',
    '(throw @string)',
    '(abort @string)',
    '(assert @bool; @any)',
    '/a/b',
    '(builtins.getAttr @string @set)',
    '(builtins.deepSeq @any @any)',
    '(builtins.addErrorContext "c" @any)',
    '@set."%name"',
    '(builtins.trace "t" @any)',
    '((x: x) @any)',
    'undefinedVariable',
    '(builtins.fromJSON @string)',
    '(import @string)',
    'f2',
  ],
};

function leaves(kind: keyof Types): readonly string[] {
  return templates[kind].filter((template) => !template.includes('@'));
}

/** An arbitrary for a template: its holes filled. */
function fill(template: string, tie: (kind: keyof Types) => Text): Text {
  const parts = template.split(/(@(?:int|float|string|bool|list|set|fun|any)|%name|%id)/);
  const arbitraries = parts.map((part): Text => {
    if (part === '%name') return fc.constantFrom(...names);
    if (part === '%id') return fc.constantFrom(...identifiers);
    return /^@[a-z]/.test(part) ? tie(part.slice(1) as keyof Types) : fc.constant(part);
  });
  return fc.tuple(...arbitraries).map((texts) => texts.join(''));
}

function arbitrary(kind: keyof Types, depth: number): Text {
  const simple = leaves(kind).length > 0 ? leaves(kind) : ['null'];
  if (depth <= 0)
    return fill(simple[0], () => fc.constant(''))
      .chain(() => fc.constantFrom(...simple))
      .chain((text) => fill(text, () => fc.constant('null')));
  const tie = (inner: keyof Types): Text =>
    fc.nat(40).chain((n) => arbitrary(n === 0 ? 'any' : inner, depth - 1));
  return fc.constantFrom(...templates[kind]).chain((template) => fill(template, tie));
}

/** A whole expression: variables of all types, and a value made with them. */
export const expressions: Text = fc
  .tuple(
    arbitrary('int', 2),
    arbitrary('int', 1),
    arbitrary('string', 2),
    arbitrary('string', 1),
    arbitrary('list', 2),
    arbitrary('set', 2),
    arbitrary('set', 1),
    arbitrary('any', 2),
    arbitrary('any', 4),
  )
  .map(
    ([i1, i2, s1, s2, l1, a1, a2, inner, body]) =>
      `let i1 = ${i1}; i2 = ${i2}; s1 = ${s1}; s2 = ${s2}; l1 = ${l1}; a1 = ${a1}; a2 = ${a2}; f1 = x: x + i2; f2 = x: ${inner}; in ${body}\n`,
  );

/** `count` expressions; the same for the same seed. */
export function generateExpressions(seed: number, count: number): string[] {
  return fc.sample(expressions, { seed, numRuns: count });
}
