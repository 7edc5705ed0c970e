{ lib, ... }:

{
  config = lib.mkAssert (1 > 2) "one is not more than two" { services.httpd.enable = true; };
}
