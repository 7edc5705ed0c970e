# Functions of old releases, kept for expressions that still use them.
{ lib }:

let
  inherit (builtins)
    any
    elem
    filter
    foldl'
    genericClosure
    head
    isAttrs
    isFunction
    isList
    listToAttrs
    map
    mapAttrs
    removeAttrs
    tail
    ;
  inherit (lib.lists) toList;

  named = names: value: listToAttrs (map (name: { inherit name value; }) names);

  propagated = pkg: pkg.propagatedBuildInputs or [ ] ++ pkg.propagatedNativeBuildInputs or [ ];
in
rec {
  /** Hash of no content, for the form of a hash before the right one is known. */
  fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  /** Like `fakeHash`, in hexadecimal digits of SHA-256. */
  fakeSha256 = lib.strings.replicate 64 "0";
  /** Like `fakeHash`, in hexadecimal digits of SHA-512. */
  fakeSha512 = lib.strings.replicate 128 "0";

  /** Environment variable, or the default where it is not set. */
  maybeEnv =
    name: default:
    let
      value = builtins.getEnv name;
    in
    if value == "" then default else value;

  /** Attribute, or the default where there is none. */
  maybeAttr = name: default: attrs: attrs.${name} or default;
  /** Same as `maybeAttr`. */
  maybeAttrNullable = maybeAttr;

  /** The value when the condition holds, else the empty value of its type. */
  ifEnable =
    condition: value:
    if condition then
      value
    else if isList value then
      [ ]
    else if isAttrs value then
      { }
    else if builtins.isBool value then
      false
    else
      null;

  # Merging of arguments.

  /** The second argument as a set; a function of the first yields it. */
  defaultMergeArg = old: new: if isAttrs new then new else new old;
  /** First set with the second, or the second's result for the first, laid over it. */
  defaultMerge = old: new: old // defaultMergeArg old new;

  /** Calls a function with merged arguments; the result can be called again with more. */
  foldArgs =
    merge: f: start: new:
    let
      args = merge start (defaultMergeArg start new);
      result = f args;
      old = result.passthru or { };
      passthru = old // {
        function = foldArgs merge f args;
        args = old.args or { } // new;
      };
    in
    result
    // {
      inherit passthru;
      override = passthru.function;
    };

  /** Collects sets until null is given, then calls the function: `modifySumArgs f x a b null`. */
  modifySumArgs = f: extra: innerModifySumArgs f extra { };
  innerModifySumArgs =
    f: extra: sum: next:
    if next == null then f sum next // extra else innerModifySumArgs f extra (sum // next);

  # Flags.

  /** Whether a flag is set: in the list `flags`, or as an attribute. */
  checkFlag =
    attrs: name: if name == "true" then true else if name == "false" then false else elem name (attrs.flags or [ ]) || attrs.${name} or false;

  /** Value of an option, from a set, its flags, or a list of `[ name default ]`. */
  getValue =
    attrs: defaults: name:
    let
      found = filter (pair: head pair == name) defaults;
    in
    attrs.${name} or (
      if checkFlag attrs name then
        true
      else if found == [ ] then
        null
      else
        builtins.elemAt (head found) 1
    );

  /** Whether every flag that is set has all that `[ flag needed... ]` asks for. */
  checkReqs =
    attrs: defaults: requirements:
    builtins.all (
      requirement:
      !checkFlag attrs (head requirement)
      || builtins.all (
        name:
        let
          value = getValue attrs defaults name;
        in
        value != null && value != false
      ) (tail requirement)
    ) requirements;

  # Lists.

  /** Same as `imap1`. */
  imap = lib.lists.imap1;

  /** Without repetitions, and without what is in `acc`. */
  uniqList =
    {
      inputList,
      acc ? [ ],
    }:
    (foldl' (state: x: if elem x state.seen then state else { seen = [ x ] ++ state.seen; result = state.result ++ [ x ]; }) {
      seen = acc;
      result = [ ];
    } inputList).result;

  /** Without repetitions, by a comparison of what `getter` makes of the elements. */
  uniqListExt =
    {
      inputList,
      outputList ? [ ],
      getter ? x: x,
      compare ? x: y: x == y,
    }:
    foldl' (result: x: if any (y: compare (getter y) (getter x)) result then result else result ++ [ x ]) outputList inputList;

  /** Appends to a string what follows each value that a function accepts: `[ value text value text ... ]`. */
  condConcat =
    text: pairs: check:
    if pairs == [ ] then
      text
    else
      condConcat (text + (if check (head pairs) then head (tail pairs) else "")) (tail (tail pairs)) check;

  /** `genericClosure` whose elements may be infinite; the last one found comes first. */
  lazyGenericClosure =
    { startSet, operator }:
    let
      work =
        todo: keys: result:
        if todo == [ ] then
          result
        else if elem (head todo).key keys then
          work (tail todo) keys result
        else
          work (tail todo ++ operator (head todo)) ([ (head todo).key ] ++ keys) ([ (head todo) ] ++ result);
    in
    work startSet [ ] [ ];

  # Packages that others propagate.

  /** Packages with all that they propagate, each once. */
  closePropagation = closePropagationFast;
  /** `closePropagation` by store paths. */
  closePropagationFast =
    pkgs:
    let
      nodes = list: map (pkg: { key = pkg.outPath; inherit pkg; }) (filter (pkg: pkg != null) list);
    in
    map (node: node.pkg) (genericClosure {
      startSet = nodes pkgs;
      operator = node: if isAttrs node.pkg then nodes (propagated node.pkg) else [ ];
    });
  /** `closePropagation` by comparing packages. */
  closePropagationSlow = pkgs: uniqList { inputList = innerClosePropagation [ ] pkgs; };
  innerClosePropagation =
    acc: pkgs:
    if pkgs == [ ] then
      acc
    else if !isAttrs (head pkgs) then
      innerClosePropagation acc (tail pkgs)
    else
      let
        found = [ (head pkgs) ] ++ acc;
      in
      innerClosePropagation found (uniqList {
        inputList = propagated (head pkgs) ++ tail pkgs;
        acc = found;
      });

  # Attribute sets.

  /** Set of one attribute. */
  nvs = name: value: { ${name} = value; };
  /** Set with an attribute set. */
  setAttr = attrs: name: value: attrs // { ${name} = value; };
  /** Set with an attribute changed by a function; the default stands in. */
  setAttrMerge =
    name: default: attrs: f:
    setAttr attrs name (f (attrs.${name} or default));

  /** Merges two sets; a function joins what both have. */
  mergeAttrsWithFunc =
    f: a: b:
    a // b // mapAttrs (name: _: f a.${name} b.${name}) (builtins.intersectAttrs a b);
  /** Merges two sets; lists of what both have. */
  mergeAttrsConcatenateValues = mergeAttrsWithFunc (a: b: toList a ++ toList b);
  /** Merges two sets that share no attributes but those named. */
  mergeAttrsNoOverride =
    {
      mergeLists ? [ "buildInputs" "propagatedBuildInputs" ],
      overrideSnd ? [ "buildPhase" ],
    }:
    a: b:
    a
    // mapAttrs (
      name: new:
      if !(a ? ${name}) then
        new
      else if elem name mergeLists then
        new ++ a.${name}
      else if elem name overrideSnd then
        a.${name}
      else
        throw "mergeAttrsNoOverride: both sets have the attribute `${name}', and nothing says how to merge it"
    ) b;
  /** Merges two sets; functions in their `mergeAttrBy` join what both have. */
  mergeAttrByFunc =
    a: b:
    let
      by = { mergeAttrBy = lib.trivial.mergeAttrs; } // a.mergeAttrBy or { } // b.mergeAttrBy or { };
      used = lib.attrsets.filterAttrs (name: _: a ? ${name} || b ? ${name}) by;
    in
    a // b // mapAttrs (name: join: if a ? ${name} && b ? ${name} then join a.${name} b.${name} else a.${name} or b.${name}) used;
  /** How attributes of packages merge. */
  mergeAttrBy =
    named [
      "nativeBuildInputs"
      "buildInputs"
      "propagatedBuildInputs"
      "configureFlags"
      "prePhases"
      "postAll"
      "patches"
    ] (a: b: a ++ b)
    // named [ "passthru" "meta" "cfg" "flags" ] (a: b: a // b)
    // named [ "preConfigure" "postInstall" ] (a: b: "${a}\n${b}");
  /** Merges sets by `mergeAttrBy` and their own functions. */
  mergeAttrsByFuncDefaults = foldl' mergeAttrByFunc { inherit mergeAttrBy; };
  /** `mergeAttrsByFuncDefaults` without the functions. */
  mergeAttrsByFuncDefaultsClean = sets: removeAttrs (mergeAttrsByFuncDefaults sets) [ "mergeAttrBy" ];

  /** Type of a value, with packages apart. */
  nixType =
    value:
    if isAttrs value then
      if value ? outPath then "derivation" else "attrs"
    else if isFunction value then
      "function"
    else
      { null = "null"; bool = "bool"; int = "int"; list = "list"; }.${builtins.typeOf value} or "string";
}
