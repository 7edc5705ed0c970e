# The user's overlays: the search path entry <nixpkgs-overlays>, else overlays.nix or overlays/ in the home
# directory's .config/nixpkgs. A directory's *.nix files and subdirectories with a default.nix are used by name.
let
  home = builtins.getEnv "HOME";
  configDir = home + "/.config/nixpkgs";

  isOverlay = dir: name:
    builtins.match ".*\\.nix" name != null || builtins.pathExists (dir + "/${name}/default.nix");

  fromDirectory = dir:
    map (name: import (dir + "/${name}"))
      (builtins.filter (isOverlay dir) (builtins.attrNames (builtins.readDir dir)));

  isDirectory = path: builtins.pathExists (toString path + "/.");

  from = path:
    if isDirectory path then fromDirectory path
    else import path;

  named = builtins.tryEval (toString <nixpkgs-overlays>);
in
if named.success && named.value != "" && builtins.pathExists named.value then from (/. + named.value)
else if home == "" then [ ]
else if builtins.pathExists (/. + configDir + "/overlays.nix") then from (/. + configDir + "/overlays.nix")
else if builtins.pathExists (/. + configDir + "/overlays") then from (/. + configDir + "/overlays")
else [ ]
