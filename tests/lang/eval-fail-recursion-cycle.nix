let
  config = {
    port = options.base + 1;
    name = "n";
  };
  options = {
    base = if limits.strict then 1 else 2;
  };
  limits = {
    strict = config.port == 80;
  };
in
config.port
