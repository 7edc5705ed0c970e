/**
  Tests whose scripts are in Python: `makeTest` and what belongs to it. See `make-test.nix`.
*/
args: import ./make-test.nix ({ testScriptLanguage = "python"; } // args)
