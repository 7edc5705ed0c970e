/**
  Submodule types of systemd units, used for the system's and the users' manager alike.
*/
{ lib }:
let
  inherit (lib) types;
  o = import ./systemd-unit-options.nix { inherit lib; };

  unitsOf =
    parts: extra:
    types.attrsOf (
      types.submodule (
        map (options: { inherit options; }) (
          [
            o.sharedOptions
            o.commonUnitOptions
          ]
          ++ parts
        )
        ++ extra
      )
    );

  # Mount units are lists in which the mount point stands for the name.
  listOfUnits =
    parts:
    types.listOf (
      types.submodule (
        map (options: { inherit options; }) (
          [
            o.sharedOptions
            o.commonUnitOptions
          ]
          ++ parts
        )
      )
    );
in
{
  units = types.attrsOf (types.submodule { options = o.concreteUnitOptions; });
  services = unitsOf [ o.serviceOptions ] [ ];
  targets = unitsOf [ ] [ ];
  sockets = unitsOf [ o.socketOptions ] [ ];
  timers = unitsOf [ o.timerOptions ] [ ];
  paths = unitsOf [ o.pathOptions ] [ ];
  slices = unitsOf [ o.sliceOptions ] [ ];
  mounts = listOfUnits [ o.mountOptions ];
  automounts = listOfUnits [ o.automountOptions ];
}
