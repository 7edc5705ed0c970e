# Pieces of text that name other pieces which must come before them: activation scripts, for example.
{ lib }:

let
  inherit (builtins) foldl' isAttrs;
in
rec {
  /**
    Texts of the given pieces and of all that they depend on, each once, dependencies first. An item of `wanted` is
    a name in `pieces` or a piece `{ text; deps; }` itself.
  */
  textClosureList =
    pieces: wanted:
    let
      visitAll = foldl' visit;
      visit =
        state: item:
        if isAttrs item then
          let
            before = visitAll state item.deps;
          in
          before // { texts = before.texts ++ [ item.text ]; }
        else if state.seen ? ${item} then
          state
        else
          # Marked before its dependencies are visited, so that a circle ends.
          visit (state // { seen = state.seen // { ${item} = true; }; }) (
            pieces.${item}
              or (throw "textClosureList: there is no piece `${item}'; did you mean ${
                lib.modules.messages.alternatives (map (n: "`${n}'") (lib.modules.messages.nearNames item (builtins.attrNames pieces)))
              }?")
          );
    in
    (visitAll {
      texts = [ ];
      seen = { };
    } wanted).texts;

  /** Texts of `textClosureList`, each mapped by a function, as lines. */
  textClosureMap =
    f: pieces: wanted:
    lib.strings.concatMapStringsSep "\n" f (textClosureList pieces wanted);

  /** Piece without dependencies. */
  noDepEntry = text: fullDepEntry text [ ];

  /** Piece with dependencies. */
  fullDepEntry = text: deps: { inherit text deps; };

  /** Piece without text: a name for several others. */
  packEntry = fullDepEntry "";

  /** `fullDepEntry` with its arguments swapped. */
  stringAfter = deps: text: fullDepEntry text deps;
}
