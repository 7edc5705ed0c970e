{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  environment.etc.foo.text = builtins.readFile ./nothing.txt;
}
