{
  imports = [ [ ./other-module.nix ] ];
}
