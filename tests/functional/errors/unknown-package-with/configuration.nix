{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  environment.systemPackages = with pkgs; [ firefoxx ];
}
