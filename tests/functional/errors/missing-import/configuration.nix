{ config, pkgs, ... }:
{
  imports = [
    ./hardware-configuration.nix
  ];
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
}
