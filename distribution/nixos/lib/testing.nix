/**
  Tests whose scripts are in Perl, as the manual's tests are: `makeTest` and what belongs to it. See `make-test.nix`.
*/
args: import ./make-test.nix ({ testScriptLanguage = "perl"; } // args)
