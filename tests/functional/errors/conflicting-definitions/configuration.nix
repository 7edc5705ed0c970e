{ config, pkgs, ... }:

{
  imports = [ ./other.nix ];
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  networking.hostName = "one";
}
