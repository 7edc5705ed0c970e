# Names that mean something to JavaScript are ordinary names.
let
  set = {
    __proto__ = 1;
    constructor = 2;
    toString = 3;
    hasOwnProperty = 4;
    valueOf = 5;
  };
  __proto__ = 6;
  constructor = { prototype = 7; };
in
{
  inherit set __proto__;
  names = builtins.attrNames set;
  missing = { } ? constructor || { } ? __proto__;
  inner = constructor.prototype;
  list = builtins.listToAttrs [ { name = "__proto__"; value = 8; } ];
  arguments = ({ __proto__, constructor ? 9 }: [ __proto__ constructor ]) { __proto__ = 10; };
}
