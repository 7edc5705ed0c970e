# PostgreSQL through its client: roles, databases, data that outlives a restart, a dump that restores.
import ./make-test-python.nix (
  { pkgs, ... }:
  {
    name = "postgresql";

    nodes.machine = {
      services.postgresql = {
        enable = true;
        package = pkgs.postgresql_17;
        dataDir = "/srv/postgres";
        ensureDatabases = [ "alice" ];
        ensureUsers = [
          {
            name = "alice";
            ensureDBOwnership = true;
          }
        ];
        settings.log_connections = true;
        initialScript = pkgs.writeText "initial.sql" "CREATE ROLE reader LOGIN;";
      };
      users.users.alice = {
        isNormalUser = true;
        uid = 1000;
      };
    };

    testScript = ''
      def sql(text, user="alice", database="alice"):
          return machine.succeed(f"""sudo -u {user} psql -v ON_ERROR_STOP=1 -tA {database} <<'SQL'\n{text}\nSQL""").strip()

      machine.wait_for_unit("postgresql.service")
      machine.wait_until_succeeds("sudo -u alice psql -c 'SELECT 1' alice")

      with subtest("its data are where dataDir says"):
          machine.succeed("test -s /srv/postgres/PG_VERSION")
          assert machine.succeed("stat -c '%U %a' /srv/postgres").strip() == "postgres 700"
          machine.fail("sudo -u alice ls /srv/postgres")

      with subtest("roles"):
          assert sql("SELECT rolname FROM pg_roles WHERE rolname IN ('alice', 'reader') ORDER BY 1") == "alice\nreader"
          machine.fail("sudo -u alice psql postgres -c 'CREATE ROLE mallory'")

      with subtest("tables outlive a restart"):
          sql("CREATE TABLE words (n int PRIMARY KEY, word text); INSERT INTO words VALUES (1, 'snö'), (2, 'firn');")
          machine.succeed("systemctl restart postgresql")
          machine.wait_until_succeeds("sudo -u alice psql -c 'SELECT 1' alice")
          assert sql("SELECT word FROM words ORDER BY n") == "snö\nfirn"

      with subtest("transactions"):
          sql("BEGIN; DELETE FROM words; ROLLBACK;")
          assert sql("SELECT count(*) FROM words") == "2"

      with subtest("a dump restores"):
          machine.succeed("sudo -u postgres pg_dump alice > /tmp/dump")
          machine.succeed("sudo -u postgres createdb copy && sudo -u postgres psql -v ON_ERROR_STOP=1 copy < /tmp/dump")
          assert sql("SELECT word FROM words ORDER BY n", user="postgres", database="copy") == "snö\nfirn"

      with subtest("log_connections is in the journal"):
          machine.succeed("journalctl -u postgresql | grep 'connection authorized'")

      with subtest("killed hard, it recovers"):
          machine.succeed("systemctl kill --signal=KILL postgresql && sleep 1; systemctl start postgresql")
          machine.wait_until_succeeds("sudo -u alice psql -c 'SELECT 1' alice")
          assert sql("SELECT count(*) FROM words") == "2"

      machine.shutdown()
    '';
  }
)
