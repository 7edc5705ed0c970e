let
  services = { openssh.enable = true; };
in
services.opensshd.enable
