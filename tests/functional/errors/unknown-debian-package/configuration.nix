{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  environment.systemPackages = [ pkgs.debian.hellooo ];
}
