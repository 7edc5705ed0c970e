# What is not needed is not computed; what is computed is computed once.
let
  bottom = throw "needed";
  lazy = { a = 1; b = bottom; };
in
{
  select = lazy.a;
  has = lazy ? b;
  length = builtins.length [ bottom bottom ];
  argument = (x: 1) bottom;
  default = ({ x ? bottom }: 2) { };
  update = (lazy // { b = 3; }).b;
  attributes = builtins.attrNames lazy;
  conditional = if true then 4 else bottom;
  logic = [ (false && bottom) (true || bottom) (false -> bottom) ];
  caught = (builtins.tryEval bottom).success;
  again = let t = builtins.tryEval bottom; in [ t.value t.value ];
  fix = let f = self: { x = 1; y = self.x; }; r = f r; in r.y;
  withScope = with bottom; 5;
  or = lazy.c.d.e or 6;
  orInside = { a = 1; }.a.b or 7;
  head = builtins.head [ 8 bottom ];
  traced = builtins.trace "once" (let v = builtins.trace "shared" 9; in [ v v ]);
}
