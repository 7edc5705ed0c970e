{
  imports = [ ./circle-a.nix ];
  l = [ "b" ];
}
