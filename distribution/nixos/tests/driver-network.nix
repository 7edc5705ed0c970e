# Two machines on two virtual networks, from a script in TypeScript: addresses, names, and a pulled cable.
import ./make-test.nix {
  name = "driver-network";
  testScriptLanguage = "typescript";

  nodes = {
    client =
      { pkgs, ... }:
      {
        virtualisation.vlans = [
          1
          2
        ];
        environment.systemPackages = [
          pkgs.iputils
          pkgs.python3
        ];
      };
    server =
      { pkgs, ... }:
      {
        virtualisation.vlans = [
          1
          2
        ];
        networking.firewall.enable = false;
        systemd.services.words = {
          wantedBy = [ "multi-user.target" ];
          path = [ pkgs.python3 ];
          script = "cd /etc && exec python3 -m http.server 80";
        };
        environment.etc."large".source = pkgs.runCommand "large" { } "head -c 8M /dev/zero > $out";
      };
  };

  testScript = ''
    await startAll();
    await subtest('both boot', async () => {
      await Promise.all(machines.map((machine) => machine.waitForUnit('multi-user.target')));
      await server.waitForOpenPort(80);
    });

    await subtest('they find each other by name and address', async () => {
      await client.succeed('ping -c 1 server >&2', 'ping -c 1 192.168.1.2 >&2', 'ping -c 1 192.168.2.2 >&2');
      await server.succeed('ping -c 1 client >&2', 'ping -c 1 -6 2001:db8:1::1 >&2');
    });

    await subtest('output is bytes, whatever they are', async () => {
      const { output } = await client.executeBytes("printf '\\000\\377\\n\\200'");
      if (!output.equals(Buffer.from([0, 255, 10, 128]))) throw new Error(`got ''${output.toString('hex')}`);
      const size: number = Number(await client.succeed('head -c 3000000 /dev/urandom | tee /tmp/big | wc -c'));
      const copy = (await client.executeBytes('cat /tmp/big')).output;
      if (copy.length !== size) throw new Error(`''${copy.length} of ''${size} bytes`);
    });

    await subtest('a file over the network', async () => {
      const started = performance.now();
      await client.succeed(`python3 -c "import urllib.request as u; print(len(u.urlopen('http://server/large').read()))" | grep 8388608`);
      log(`8 MiB in ''${((performance.now() - started) / 1000).toFixed(1)} seconds`);
    });

    await subtest('a pulled cable', async () => {
      await server.block();
      await client.fail('ping -c 1 -W 2 server');
      await server.unblock();
      await client.waitUntilSucceeds('ping -c 1 -W 2 server', 60);
    });

    await subtest('errors', async () => {
      const failure = await client.succeed('exit 9').then(() => undefined, (error: Error) => error.message);
      if (failure !== "command `exit 9' did not succeed (exit code 9)") throw new Error(String(failure));
    });
    await Promise.all(machines.map((machine) => machine.crash()));
  '';
}
