# Apache with virtual hosts, and nginx as a proxy in front of it, from a second machine.
import ./make-test-python.nix (
  { pkgs, ... }:
  let
    site = name: pkgs.writeTextDir "index.html" "${name}\n";
  in
  {
    name = "web-servers";

    nodes.server = {
      networking.firewall.allowedTCPPorts = [
        80
        8080
      ];
      services.httpd = {
        enable = true;
        adminAddr = "webmaster@example.org";
        documentRoot = "${site "main"}";
        # The form of 15.09: a list.
        virtualHosts = [
          {
            hostName = "one.example";
            documentRoot = "${site "one"}";
          }
          {
            hostName = "two.example";
            serverAliases = [ "second.example" ];
            documentRoot = "${site "two"}";
          }
        ];
      };
      services.nginx = {
        enable = true;
        recommendedProxySettings = true;
        virtualHosts."front.example" = {
          default = true;
          listen = [
            {
              addr = "0.0.0.0";
              port = 8080;
            }
          ];
          root = "${site "front"}";
          locations."/two/".proxyPass = "http://second.example:80/";
        };
      };
      networking.extraHosts = "127.0.0.1 second.example";
      specialisation.changed.configuration.services.nginx.virtualHosts."front.example".locations."= /new".return = "200 new";
    };
    nodes.client.environment.systemPackages = [ pkgs.curl ];

    testScript = ''
      start_all()
      server.wait_for_unit("httpd.service")
      server.wait_for_unit("nginx.service")
      client.wait_for_unit("network.target")

      def get(path, host=None, port=80):
          header = f"-H 'Host: {host}'" if host else ""
          return client.succeed(f"curl -sf {header} http://server:{port}{path}")

      client.wait_until_succeeds("curl -sf http://server/")
      with subtest("Apache's hosts"):
          assert get("/", "one.example") == "one\n"
          assert get("/", "two.example") == "two\n"
          assert get("/", "second.example") == "two\n"
          client.fail("curl -sf http://server/nothing")

      with subtest("nginx in front"):
          assert get("/", port=8080) == "front\n"
          assert get("/two/", "second.example", port=8080) == "two\n"

      with subtest("a change reloads nginx and keeps its process"):
          before = server.succeed("systemctl show -p MainPID nginx")
          server.succeed("/run/current-system/specialisation/changed/bin/switch-to-configuration test >&2")
          assert client.wait_until_succeeds("curl -sf http://server:8080/new") == "new"
          assert server.succeed("systemctl show -p MainPID nginx") == before

      with subtest("both run as users of their own"):
          server.fail("ps -o user= -C nginx,httpd,apache2 | grep -v root | grep -vE 'nginx|wwwrun'")
          server.succeed("systemctl reload httpd && systemctl is-active httpd")
    '';
  }
)
