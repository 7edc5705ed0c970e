{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  environment.etc.foo.text = builtins.readFile ./nothing.txt;
}
