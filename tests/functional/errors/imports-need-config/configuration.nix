{ config, lib, pkgs, ... }:

{
  imports = if config.services.openssh.enable then [ ./other.nix ] else [ ];
}
