{ config, lib, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  networking.hostName = config.networking.hostName + "x";
}
