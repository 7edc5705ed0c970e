{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  networking.firewall.allowedTCPPorts = [ 80 65536 ];
}
