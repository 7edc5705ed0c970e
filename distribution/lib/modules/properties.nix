# Properties: wrappers around option values (`mkIf`, `mkForce`, `mkBefore`, ...), and how they are taken off again.
#
# A property is a set with `_type` "if", "merge", "override", "order" or "definition"; they nest in any way, the
# outermost override and the outermost order count. What an override holds is looked at only after it has won: so
# `mkDefault (throw ...)` does no harm where another definition wins.
{ lib }:

let
  inherit (builtins)
    addErrorContext
    all
    concatMap
    filter
    foldl'
    head
    isAttrs
    isBool
    length
    map
    mapAttrs
    partition
    sort
    ;

  defaultPriority = 100;
  defaultOrder = 1000;

  # Asked for every definition, so without a call or a table.
  hasProperty =
    value:
    value ? _type
    && (
      let
        type = value._type;
      in
      type == "if" || type == "merge" || type == "override" || type == "order" || type == "definition"
    );

  holds =
    def: condition:
    if isBool condition then condition else throw (lib.modules.messages.wrongCondition def condition);

  # Definitions under a property, up to their override: [ { def; order; priority; wrapped; } ]. `wrapped` says that
  # the value may hold further properties, not looked at so far. `order` is null until a wrapper has set it.
  expand =
    order: def:
    let
      value = def.value;
      inner = content: def // { value = content; };
    in
    if !hasProperty value then
      [
        {
          inherit def order;
          priority = defaultPriority;
          wrapped = false;
        }
      ]
    else if value._type == "override" then
      [
        {
          def = inner value.content;
          inherit order;
          inherit (value) priority;
          wrapped = true;
        }
      ]
    else if value._type == "if" then
      if holds def value.condition then expand order (inner value.content) else [ ]
    else if value._type == "merge" then
      concatMap (content: expand order (inner content)) value.contents
    else if value._type == "order" then
      expand (if order == null then value.priority else order) (inner value.content)
    else
      expand order (removeAttrs value [ "_type" ]);

  # Plain definitions of an entry whose override has won; overrides within it no longer count.
  unwrap =
    entry: if entry.wrapped then concatMap unwrap (expand entry.order entry.def) else [ entry ];

  inFile = file: addErrorContext "while evaluating the definitions given in `${toString file}':";

  orderOf = entry: if entry.order == null then defaultOrder else entry.order;

  # Keeps the entries with the lowest priority number and sorts them; the sort is stable.
  select =
    entries:
    let
      highestPrio = foldl' (lowest: entry: if entry.priority < lowest then entry.priority else lowest) 9999 entries;
      split = partition (entry: entry.priority == highestPrio) entries;
      winners = concatMap unwrap split.right;
      inOrder =
        if all (entry: entry.order == null) winners then
          winners
        else
          sort (a: b: orderOf a < orderOf b) winners;
    in
    {
      values =
        # `mkForce (mkIf false x)` wins, but says nothing: then the others count.
        if winners == [ ] && split.wrong != [ ] then
          (select split.wrong).values
        else
          map (entry: entry.def) inOrder;
      inherit highestPrio;
    };
in
rec {
  inherit hasProperty;

  defaultOverridePriority = defaultPriority;
  defaultOrderPriority = defaultOrder;

  # Wrapping.

  /** Definition that counts only when the condition holds; the condition may depend on the configuration. */
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };

  /** `mkIf` of a condition that must hold: else evaluation stops with the message. */
  mkAssert = assertion: message: mkIf (if assertion then true else throw "\nFailed assertion: ${message}");

  /** Several definitions in the place of one. */
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };

  /** Definition with a priority: of several definitions those with the lowest number count. */
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };

  /** Priority 1500: what an option's `default` has. */
  mkOptionDefault = mkOverride 1500;
  /** Priority 1000: a default given by a module, which any plain definition (priority 100) replaces. */
  mkDefault = mkOverride 1000;
  /** Priority 60: for installation media. */
  mkImageMediaOverride = mkOverride 60;
  /** Priority 50: replaces plain definitions. */
  mkForce = mkOverride 50;
  /** Priority 10: for `nixos-rebuild build-vm`. */
  mkVMOverride = mkOverride 10;

  /** Definition with a place among those that are merged: small numbers come first. */
  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };

  /** Order 500: before plain definitions (order 1000). */
  mkBefore = mkOrder 500;
  /** Order 1500: after plain definitions. */
  mkAfter = mkOrder 1500;

  /** Value with the file that errors are to name for it: `{ file; value; }`. */
  mkDefinition = { file, value, ... }@given: given // { _type = "definition"; };

  /** Has no effect any more; returns its argument. */
  mkFixStrictness = lib.warn "lib.mkFixStrictness has no effect and can be left out" (value: value);

  /** Applies a function to the value within a definition's properties. */
  mapDefinitionValue =
    f: value:
    let
      inner = mapDefinitionValue f;
    in
    if !hasProperty value then
      f value
    else if value._type == "merge" then
      value // { contents = map inner value.contents; }
    else if value._type == "definition" then
      value // { value = inner value.value; }
    else
      value // { content = inner value.content; };

  # Unwrapping.

  /**
    Plain definitions that count, in order, and their priority: `{ values; highestPrio; }`.
    Elements of `defs` and of `values` are `{ file; value; }` and may carry more.
  */
  selectDefinitions =
    defs:
    if length defs == 1 && !inFile (head defs).file (hasProperty (head defs).value) then
      {
        values = defs;
        highestPrio = defaultPriority;
      }
    else
      select (concatMap (def: inFile def.file (expand null def)) defs);

  /** All definitions without their properties, whatever their priority: for messages. */
  plainDefinitions = defs: map (entry: entry.def) (concatMap unwrap (concatMap (expand null) defs));

  /** Values without their `mkMerge` and `mkIf`, conditions evaluated. */
  dischargeProperties =
    value:
    let
      type = value._type or "";
    in
    if type == "merge" then
      concatMap dischargeProperties value.contents
    else if type == "if" then
      if holds { file = lib.options.unknownModule; } value.condition then dischargeProperties value.content else [ ]
    else
      [ value ];

  /** Definitions of the highest priority, without their override. */
  filterOverrides = defs: (filterOverrides' defs).values;

  /** Like `filterOverrides`, with the priority: `{ values; highestPrio; }`. */
  filterOverrides' =
    defs:
    let
      isOverride = def: def.value._type or "" == "override";
      priorityOf = def: if isOverride def then def.value.priority else defaultPriority;
      highestPrio = foldl' (lowest: def: lib.trivial.min lowest (priorityOf def)) 9999 defs;
    in
    {
      values = map (def: if isOverride def then def // { value = def.value.content; } else def) (
        filter (def: priorityOf def == highestPrio) defs
      );
      inherit highestPrio;
    };

  /** Definitions sorted by their `mkOrder`, which is taken off. */
  sortProperties =
    defs:
    let
      strip =
        def: if def.value._type or "" == "order" then def // { inherit (def.value) priority; value = def.value.content; } else def;
      orderOf = def: def.priority or defaultOrder;
    in
    sort (a: b: orderOf a < orderOf b) (map strip defs);

  /**
    Pushes the properties of a set of definitions into its attributes. Yields `{ value; origin; }` for each set
    that `mkMerge` joins; `origin` is the set as the user wrote it, which knows the attributes' positions.
    Conditions are not evaluated: so they may refer to the very configuration that is being defined.
  */
  pushDown =
    value:
    let
      type = value._type or "";
      wrap =
        property:
        map (
          part: if isAttrs part.value then part // { value = mapAttrs (_: property) part.value; } else part
        ) (pushDown value.content);
    in
    if !isAttrs value || type == "" then
      [
        {
          inherit value;
          origin = value;
        }
      ]
    else if type == "merge" then
      concatMap pushDown value.contents
    else if type == "if" then
      wrap (mkIf value.condition)
    else if type == "override" then
      wrap (mkOverride value.priority)
    else if type == "definition" then
      pushDown value.value
    else
      [
        {
          inherit value;
          origin = value;
        }
      ];

  /** The sets of `pushDown` alone. */
  pushDownProperties = value: map (part: part.value) (pushDown value);

  # Forwarding definitions from one option to another.

  /** Definitions of an option, to be given to another one. */
  mkAliasDefinitions = mkAliasAndWrapDefinitions (value: value);

  /** Definitions of an option, wrapped by a function such as `setAttrByPath path`. */
  mkAliasAndWrapDefinitions = wrap: option: mkIf option.isDefined (wrap (mkMerge option.definitions));

  /** Like `mkAliasAndWrapDefinitions`; the definitions keep their priority. */
  mkAliasAndWrapDefsWithPriority =
    wrap: option:
    mkIf option.isDefined (wrap (mkMerge (map (mkOverride (option.highestPrio or defaultPriority)) option.definitions)));

  /** Definition for when an option is defined. */
  mkAliasIfDef = lib.warn "lib.mkAliasIfDef is obsolete: write mkIf option.isDefined" (option: mkIf option.isDefined);

  /** Definition computed from an option's value, with the priority of that option's definitions. */
  mkDerivedConfig = option: f: mkOverride (option.highestPrio or defaultPriority) (f option.value);
}
