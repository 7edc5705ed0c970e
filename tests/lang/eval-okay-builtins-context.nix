# String contexts: what strings refer to, and how it is looked at, taken away and put back.
with builtins;
let
  drv = derivation { name = "context"; system = "s"; builder = "/b"; outputs = [ "out" "dev" ]; };
  file = toFile "plain" "text";
  text = "${drv} and ${drv.dev} and ${file}";
in
{
  has = map hasContext [ "" text file drv.drvPath ];
  parts = getContext text;
  drvPath = getContext drv.drvPath;
  discarded = [ (hasContext (unsafeDiscardStringContext text)) (unsafeDiscardStringContext text == text) ];
  onlyOutputs = getContext (unsafeDiscardOutputDependency drv.drvPath);
  withOutputs = getContext (addDrvOutputDependencies (unsafeDiscardOutputDependency drv.drvPath));
  appended = getContext (appendContext "x" { ${unsafeDiscardStringContext drv.drvPath} = { outputs = [ "dev" ]; }; });
  survives = map hasContext [ (substring 0 0 text) (replaceStrings [ "a" ] [ "b" ] text) (toJSON { a = text; }) (concatStringsSep "" [ text ]) (baseNameOf text) ];
  split = map (part: if isString part then hasContext part else part) (split "and" text);
  length = stringLength text == stringLength (unsafeDiscardStringContext text);
}
