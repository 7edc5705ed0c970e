{ config, ... }:
{
  environment.systemPackages = [ pkgs.hello ];
}
