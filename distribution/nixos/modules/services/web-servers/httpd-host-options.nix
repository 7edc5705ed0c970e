/**
  What can be set for each host that Apache serves, and for the server itself when it has no virtual hosts.
*/
{ lib, forMainServer }:
let
  inherit (lib) mkOption types;
  flag =
    description:
    mkOption {
      type = types.bool;
      default = false;
      example = true;
      inherit description;
    };
  nullable =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example description;
    };

  listenOptions.options = {
    ip = mkOption {
      type = types.str;
      default = "*";
      example = "192.168.1.1";
      description = "The address; `*` means all.";
    };
    port = mkOption {
      type = types.port;
      example = 8080;
      description = "The port.";
    };
    ssl = flag "Whether connections are encrypted.";
  };

  aliasOptions = target: {
    options = {
      urlPath = mkOption {
        type = types.str;
        example = "/download";
        description = "The path that clients ask for.";
      };
      ${target} = mkOption {
        type = types.path;
        example = "/data/download";
        description = "What stands there.";
      };
    };
  };
in
{
  hostName = mkOption {
    type = types.nullOr types.str;
    default = if forMainServer then "localhost" else null;
    defaultText = if forMainServer then null else "the attribute's name";
    example = "example.org";
    description = "The name that clients ask for.";
  };
  serverAliases = mkOption {
    type = types.listOf types.str;
    default = [ ];
    example = [ "www.example.org" ];
    description = "Other names.";
  };
  port = nullable types.port 8080 "The port; `null` means 80, or 443 with encryption.";
  listen = mkOption {
    type = types.listOf (types.submodule listenOptions);
    default = [ ];
    example = [
      {
        ip = "192.168.1.1";
        port = 8080;
      }
    ];
    description = "Where to listen, instead of `port` on all addresses.";
  };
  enableSSL = flag "Whether connections are encrypted; the host answers on port 443 then.";
  addSSL = flag "Whether the host answers on port 443 beside port 80.";
  onlySSL = flag "Whether the host answers on port 443 only.";
  forceSSL = flag "Whether the host answers on port 443, and sends there who comes to port 80.";
  sslServerCert = nullable types.path "/var/host.cert" "The certificate.";
  sslServerKey = nullable types.path "/var/host.key" "The key of the certificate.";
  sslServerChain = nullable types.path "/var/ca.pem" "The certificates between it and the authority.";
  adminAddr = mkOption {
    type = types.nullOr (types.uniq types.str);
    default = null;
    example = "admin@example.org";
    description = "The address of who looks after the server.";
  };
  documentRoot = nullable types.path "/data/www" "The directory of the files.";
  servedDirs = mkOption {
    type = types.listOf (types.submodule (aliasOptions "dir"));
    default = [ ];
    example = [
      {
        urlPath = "/nix";
        dir = "/home/alice/nix-homepage";
      }
    ];
    description = "Directories that stand at other paths.";
  };
  servedFiles = mkOption {
    type = types.listOf (types.submodule (aliasOptions "file"));
    default = [ ];
    example = [
      {
        urlPath = "/logo.png";
        file = "/data/logo.png";
      }
    ];
    description = "Files that stand at other paths.";
  };
  enableUserDir = flag "Whether `/~NAME` shows the directory `public_html` of a user.";
  globalRedirect = nullable types.str "https://new.example.org/" "The address to which everything is sent.";
  robotsEntries = mkOption {
    type = types.lines;
    default = "";
    example = "Disallow: /private/";
    description = "The content of `/robots.txt`.";
  };
  extraConfig = mkOption {
    type = types.lines;
    default = "";
    example = "ServerSignature off";
    description = "Further directives.";
  };
}
// lib.optionalAttrs (!forMainServer) {
  enable = mkOption {
    type = types.bool;
    default = true;
    example = false;
    description = "Whether the host is served.";
  };
}
