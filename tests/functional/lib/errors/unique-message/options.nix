{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.unique { message = "Only one file system can be the root."; } lib.types.attrs;
  };
}
