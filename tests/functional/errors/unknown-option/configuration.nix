{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  services.openssh.enabel = true;
}
