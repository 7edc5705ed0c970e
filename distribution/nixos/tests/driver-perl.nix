# The driver's functions as Perl scripts use them.
import ./make-test.nix {
  name = "driver-perl";

  machine =
    { config, pkgs, ... }:
    {
      environment.etc."words".text = "élan\n";
    };

  testScript = ''
    startAll;
    subtest "commands", sub {
        $machine->waitForUnit("default.target");
        $machine->succeed("uname") =~ /Linux/ or die "no Linux";
        my ($status, $output) = $machine->execute("echo out; exit 3");
        die "status $status" unless $status == 3;
        die "output $output" unless $output eq "out\n";
        die "joined" unless $machine->succeed("echo a", "echo b") eq "a\nb\n";
        die "text" unless $machine->succeed("cat /etc/words") eq "\x{e9}lan\n";
        die "pipe" unless $machine->succeed("false | true") eq "";
        $machine->mustFail("false");
    };
    subtest "failures are errors", sub {
        eval { $machine->succeed("exit 4") };
        die "message: $@" unless $@ =~ /command `exit 4' did not succeed \(exit code 4\)/;
        eval { $machine->fail("true") };
        die "message: $@" unless $@ =~ /unexpectedly succeeded/;
        eval { $machine->waitForUnit("no-such-thing.service") };
        die "message: $@" unless $@ =~ /inactive and there are no pending jobs/;
    };
    subtest "units", sub {
        my $info = $machine->getUnitInfo("backdoor.service");
        die "unit" unless $info->{ActiveState} eq "active";
        $machine->succeed("systemd-run --unit=later sleep 1000");
        $machine->waitForUnit("later");
        $machine->stopJob("later");
        $machine->waitUntilFails("systemctl is-active later");
    };
    subtest "console", sub {
        $machine->waitForConsoleText(qr/Reached target/);
        $machine->waitUntilTTYMatches("1", qr/login:/);
    };
    subtest "files", sub {
        $machine->execute("(sleep 1; touch /tmp/late) &");
        $machine->waitForFile("/tmp/late");
        $machine->copyFileFromHost("/etc/passwd", "/tmp/deep/passwd");
        $machine->succeed("test -s /tmp/deep/passwd");
    };
    $machine->nest("a nested entry", sub { $log->log("inside of it") });
    $machine->crash;
    die "still up" if $machine->isUp;
  '';
}
