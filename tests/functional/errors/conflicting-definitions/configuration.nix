{ config, pkgs, ... }:

{
  imports = [ ./other.nix ];
  fileSystems."/".device = "/dev/vda1";
  networking.hostName = "one";
}
