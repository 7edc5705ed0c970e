{ config, lib, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  networking.hostName = config.networking.hostName + "x";
}
