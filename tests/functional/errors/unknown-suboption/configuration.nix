{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  users.users.alice = { isNormalUser = true; extraGroup = [ "wheel" ]; };
}
