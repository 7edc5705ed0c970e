{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  services.openssh.enable = "yes";
}
