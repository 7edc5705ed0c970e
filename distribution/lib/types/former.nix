# Types of older releases, so that modules written for them still evaluate.
{ lib }:

let
  inherit (builtins) isAttrs isList listToAttrs;
  inherit (lib.lists) imap1;
  inherit (lib.modules) checkAndMerge checkDefinitions;
  inherit (lib.types)
    attrsOf
    coherentCheck
    errorNounOf
    mergeByRecord
    mkOptionType
    separatedString
    submoduleWith
    ;
in
rec {
  /** String; several definitions are joined without a separator (15.09). Use `str` or `lines`. */
  string = separatedString "" // {
    name = "string";
    deprecationMessage = "It joins several definitions without saying so: use `types.str', or `types.lines' where they are to be joined.";
  };

  /** Sub-options given beside the type: `mkOption { type = attrsOf optionSet; options = ...; }` (15.09). Use `submodule`. */
  optionSet =
    submoduleWith {
      modules = [ ];
      shorthandOnlyDefinesConfig = true;
    }
    // { description = "option set"; };

  /**
    Attribute set or list; a list's elements get names (15.09). Use `attrsOf`. Definitions of both kinds merge;
    a list's elements are named after its place among the definitions.
  */
  loaOf =
    elemType:
    let
      set = attrsOf elemType;
      isEither = value: isAttrs value || isList value;
      named =
        loc: n: def:
        if isList def.value then
          lib.warn "The option `${lib.options.showOption loc}' is given as a list in `${toString def.file}'. Use an attribute set." (
            def
            // {
              value = listToAttrs (
                imap1 (m: value: {
                  name = "unnamed-${toString n}.${toString m}";
                  inherit value;
                }) def.value
              );
            }
          )
        else
          def;
    in
    mkOptionType {
      name = "loaOf";
      inherit (set) description descriptionClass emptyValue getSubOptions getSubModules nestedTypes;
      errorNoun = "list or ${errorNounOf set}";
      check = coherentCheck isEither;
      merge = mergeByRecord (
        { loc, defs }:
        let
          error = checkDefinitions isEither loc defs;
        in
        checkAndMerge loc set (if error == null then imap1 (named loc) defs else defs) // { headError = error; }
      );
      substSubModules = modules: loaOf (elemType.substSubModules modules);
      functor = lib.types.elemTypeFunctor "loaOf" loaOf elemType;
    };
}
