# Evaluates the modules of a directory, all of it: for configurations that are wrong in some way.
{
  lib ? import ../../../distribution/lib,
  directory,
}:

let
  present = builtins.readDir directory;
  files = builtins.filter (name: present ? ${name}) [
    "options.nix"
    "other.nix"
    "httpd.nix"
    "configuration.nix"
  ];
  evaluated = lib.evalModules { modules = map (name: directory + "/${name}") files; };
in
builtins.deepSeq evaluated.config "no error"
