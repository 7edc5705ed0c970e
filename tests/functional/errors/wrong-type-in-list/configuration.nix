{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  networking.firewall.allowedTCPPorts = [ 80 "443" ];
}
