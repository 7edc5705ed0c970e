# What a value is, and evaluation in order.
with builtins;
let
  values = [ 1 1.5 true null "s" ./p [ ] { } (x: x) map ];
in
{
  types = map typeOf values;
  tests = map (is: map is values) [ isInt isFloat isBool isNull isString isPath isList isAttrs isFunction ];
  ordering = [ (seq 1 2) (deepSeq [ 1 { a = 2; } ] 3) (seq { a = throw "inner"; } 4) ];
  caught = [ (tryEval 1) (tryEval (throw "x")) (tryEval (assert false; 1)) (tryEval { a = throw "lazy"; }).success ];
  nested = tryEval (tryEval (throw "a")).value;
  context = addErrorContext "not shown" 5;
  traced = trace "to standard error" 6;
  verbose = traceVerbose "nothing" 7;
  constants = [ (isInt langVersion) (isString nixVersion) storeDir (isInt currentTime) (isString currentSystem) ];
  names = [ (builtins ? builtins) (builtins.builtins ? map) true false null ];
  broken = builtins.break 8;
}
