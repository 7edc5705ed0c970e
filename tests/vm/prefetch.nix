/* What the machines of the tests are made of. `npm test` downloads, while it sets things up, every file that building these
   derivations needs, and relocates the packages; the tests build the rest without a network.

   A test that needs a package which no machine here has adds it to the last list. */
let
  pkgs = import <nixpkgs> { };
  machine = configuration: (import <nixpkgs/nixos> { inherit configuration; }).vm;
in
{
  example = machine ../../examples/first-machine/configuration.nix;

  # Everything that a machine with drawn parts may have (random-machine.test.ts).
  drawn = machine {
    services.openssh.enable = true;
    environment.systemPackages = map (name: pkgs.debian.${name}) (builtins.fromJSON (builtins.readFile ./packages.json));
  };

  others = pkgs.symlinkJoin {
    name = "others";
    paths = [ pkgs.openssh ];
  };
}
