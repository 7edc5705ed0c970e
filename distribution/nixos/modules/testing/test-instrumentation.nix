/**
  What the test driver needs inside a machine: the backdoor, a root shell on a virtio-serial port; messages on the console;
  and nothing that waits for a network that tests do not have.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  port = "firn.backdoor";
in
{
  options.testing = {
    journalOnConsole = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the machine's console, and with it the log of the test, shows the journal.";
    };
  };

  config = {
    systemd.services.backdoor = {
      description = "Root shell of the test driver";
      wantedBy = [ "multi-user.target" ];
      path = [
        pkgs.bash
        pkgs.coreutils
      ];
      # It must outlive a switch to another configuration, which may well be what a test does through it.
      restartIfChanged = false;
      unitConfig = {
        X-StopOnRemoval = false;
        IgnoreOnIsolate = true;
      };
      serviceConfig = {
        ExecStart = "${pkgs.bash}/bin/bash ${./backdoor.sh} /dev/virtio-ports/${port}";
        KillSignal = "SIGHUP";
        KillMode = "process";
        StandardOutput = "tty";
        StandardError = "tty";
        TTYPath = "/dev/ttyS0";
        OOMScoreAdjust = -1000;
      };
    };

    # The serial line is the log's; who wants to log in uses the display's terminals.
    systemd.services."serial-getty@ttyS0".enable = false;
    systemd.services."serial-getty@hvc0".enable = false;

    boot.consoleLogLevel = lib.mkDefault 7;
    # What systemd shows of units is in the journal too, which the console has anyway.
    boot.kernelParams = [
      "panic=1"
      "systemd.show_status=false"
    ];
    boot.initrd.kernelModules = [ "virtio_console" ];
    boot.kernel.sysctl = {
      "kernel.hung_task_timeout_secs" = lib.mkDefault 600;
      # A fault that is only found because something hangs is a fault found late.
      "vm.panic_on_oom" = lib.mkDefault 2;
    };
    # Under software emulation, on a busy machine, everything takes its time.
    systemd.settings.Manager = {
      DefaultTimeoutStartSec = "600s";
      DefaultDeviceTimeoutSec = "600s";
    };
    services.journald.extraConfig = lib.mkIf config.testing.journalOnConsole ''
      ForwardToConsole=yes
      TTYPath=/dev/ttyS0
      MaxLevelConsole=debug
    '';
    services.journald.rateLimitBurst = lib.mkDefault 0;

    services.timesyncd.enable = lib.mkDefault false;
    users.users.root.initialHashedPassword = lib.mkOverride 150 "";
  };
}
