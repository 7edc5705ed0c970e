{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.enum [ "tcp" "udp" ];
  };
}
