{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  environment.systemPackages = [ pkgs.debian.hellooo ];
}
