{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  users.users.alice = { isNormalUser = true; extraGroup = [ "wheel" ]; };
}
