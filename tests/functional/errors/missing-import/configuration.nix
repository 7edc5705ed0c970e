{ config, pkgs, ... }:
{
  imports = [
    ./hardware-configuration.nix
  ];
  fileSystems."/".device = "/dev/vda1";
}
