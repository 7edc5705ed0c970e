{ config, pkgs, ... }:

{
  networking.hostName = "cartman"
  services.openssh.enable = true;
}
