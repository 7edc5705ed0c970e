/**
  The path named by the environment variable `name`, or `default` when it is empty or unset.
*/
name: default:
let
  value = builtins.getEnv name;
in
if value == "" then default else /. + value
