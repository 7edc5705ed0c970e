/* A raw derivation with what users of packages expect around it: meta, passthru, the functions that change it. */
{ lib }:

let

  finish =
    { attrs, meta ? { }, passthru ? { } }:
    let
      change = f:
        let
          new = (if lib.isFunction f then f package else f);
        in
        finish {
          attrs = attrs // removeAttrs new [ "meta" "passthru" ];
          meta = new.meta or meta;
          passthru = new.passthru or passthru;
        };
      package = derivation attrs // {
        inherit passthru;
        meta = { inherit (attrs) name; available = true; outputsToInstall = [ "out" ]; } // meta;
        overrideAttrs = change;
        overrideDerivation = change;
      } // passthru;
    in
    package;

in
finish
