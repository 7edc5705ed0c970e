/* What the machines of the tests are made of, and packages that tests build. `npm test` downloads, while it sets things up,
   every file that building these derivations needs, and relocates the packages; the tests build the rest without a
   network.

   A test that needs a package which no machine here has adds it to the last list. */
let
  pkgs = import <nixpkgs> { };
  # What C++ Nix builds, too (tests/differential/system.test.ts).
  compared = [ pkgs.bash pkgs.hello ];
  # What every program may expect (tests/functional/packages.test.ts).
  essential = map pkgs.debianPackage (import <nixpkgs/debian/channel.nix>).essential;
  machine = configuration: (import <nixpkgs/nixos> { inherit configuration; }).vm;
in
{
  example = machine ../../examples/first-machine/configuration.nix;

  # Everything that a machine with drawn parts may have (random-machine.test.ts).
  drawn = machine {
    services.openssh.enable = true;
    environment.systemPackages = map (name: pkgs.debian.${name}) (builtins.fromJSON (builtins.readFile ./packages.json));
  };

  # NixOS tests that run here, too (nixos-tests.test.ts).
  nixos = pkgs.symlinkJoin {
    name = "nixos-tests";
    paths = map (name: (import (<nixpkgs/nixos/tests> + "/${name}.nix") { }).driver) (
      builtins.fromJSON (builtins.readFile ./nixos-tests.json)
    );
  };

  others = pkgs.symlinkJoin {
    name = "others";
    paths = [ pkgs.openssh ] ++ compared ++ essential;
  };
}
