/**
  Containers: other NixOS systems that run on this machine's kernel and share its store. The ones of `containers` belong to this
  configuration and change with it; `nixos-container create` makes others. Each runs as `container@NAME.service`.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types optionalString concatMapStrings;
  cfg = config.containers;
  nspawn = pkgs.debianPackage "systemd-container";
  hostSystem = pkgs.stdenv.hostPlatform.system;
  containerOptions = import ./container-options.nix {
    inherit lib hostSystem;
    systemStateVersion = config.system.stateVersion;
  };

  # The first program of a container: gives its end of the network its address, then becomes the system's init.
  init = pkgs.writeScript "container-init" ''
    #!${pkgs.runtimeShell}
    if [ "$PRIVATE_NETWORK" = 1 ]; then
      PATH=${pkgs.iproute2}/bin:${pkgs.iproute2}/sbin
      ip link set lo up
      if [ -e /sys/class/net/host0 ]; then
        ip link set host0 name eth0
        ip link set eth0 up
        [ -z "$LOCAL_ADDRESS" ] || ip addr add "$LOCAL_ADDRESS" dev eth0
        [ -z "$LOCAL_ADDRESS6" ] || ip -6 addr add "$LOCAL_ADDRESS6" dev eth0 nodad
        if [ -n "$HOST_ADDRESS" ]; then
          ip route add "$HOST_ADDRESS" dev eth0
          ip route add default via "$HOST_ADDRESS"
        fi
        if [ -n "$HOST_ADDRESS6" ]; then
          ip -6 route add "$HOST_ADDRESS6" dev eth0
          ip -6 route add default via "$HOST_ADDRESS6"
        fi
      fi
    fi
    exec "$@"
  '';

  bindFlags = mounts: concatMapStrings (
    m: " --bind${optionalString m.isReadOnly "-ro"}=${if m.hostPath == null then m.mountPoint else m.hostPath}:${m.mountPoint}"
  ) (lib.attrValues mounts);

  flagsOf = c: toString (
    (map (d: "--property=DeviceAllow=${lib.escapeShellArg "${d.node} ${d.modifier}"}") c.allowedDevices)
    ++ lib.optional c.ephemeral "--ephemeral"
    ++ lib.optional (c.additionalCapabilities != [ ]) "--capability=${lib.concatStringsSep "," c.additionalCapabilities}"
    ++ map (path: "--tmpfs=${path}") c.tmpfs
    ++ c.extraFlags
  ) + bindFlags c.bindMounts;

  directories = ''
    mkdir -p -m 0755 "$root/etc" "$root/var/lib" "$root/usr" "$root/nix/store"
    mkdir -p -m 0700 "$root/var/lib/private" "$root/root" /run/nixos-containers
    [ -e "$root/etc/os-release" ] || : > "$root/etc/os-release"
    [ -e "$root/etc/machine-id" ] || : > "$root/etc/machine-id"
    mkdir -p -m 0755 \
      "/nix/var/nix/profiles/per-container/$INSTANCE" \
      "/nix/var/nix/gcroots/per-container/$INSTANCE" /nix/var/nix/daemon-socket
  '';

  startScript = ''
    system=''${SYSTEM_PATH:-/nix/var/nix/profiles/per-container/$INSTANCE/system}
    # The profile is another one inside: init is named by what it is, not by where it stands here.
    system=$(readlink -f "$system")
    if [ ! -e "$system/init" ]; then
      echo "error: container '$INSTANCE' has no system at '$system'; build one with 'nixos-container update $INSTANCE'" >&2
      exit 1
    fi

    network=()
    if [ "$PRIVATE_NETWORK" = 1 ]; then
      network+=(--private-network)
      if [ -n "$HOST_ADDRESS$LOCAL_ADDRESS$HOST_ADDRESS6$LOCAL_ADDRESS6$HOST_BRIDGE" ]; then network+=(--network-veth); fi
      [ -z "$HOST_BRIDGE" ] || network+=("--network-bridge=$HOST_BRIDGE")
    fi
    for interface in $INTERFACES; do network+=("--network-interface=$interface"); done
    for interface in $MACVLANS; do network+=("--network-macvlan=$interface"); done
    for port in $HOST_PORT; do network+=("--port=$port"); done

    exec ${nspawn}/bin/systemd-nspawn \
      --keep-unit --machine="$INSTANCE" --directory="$root" --quiet --notify-ready=yes --kill-signal=SIGRTMIN+3 \
      --link-journal=try-guest --console=autopipe --register=yes \
      --bind-ro=/nix/store --bind-ro=/nix/var/nix/db --bind-ro=/nix/var/nix/daemon-socket \
      --bind-ro="$system/usr/:/usr" \
      --bind="/nix/var/nix/profiles/per-container/$INSTANCE:/nix/var/nix/profiles" \
      --bind="/nix/var/nix/gcroots/per-container/$INSTANCE:/nix/var/nix/gcroots" \
      --resolv-conf=''${RESOLV_CONF:-copy-host} --timezone=off \
      --setenv=PRIVATE_NETWORK="$PRIVATE_NETWORK" \
      --setenv=HOST_ADDRESS="$HOST_ADDRESS" --setenv=LOCAL_ADDRESS="$LOCAL_ADDRESS" \
      --setenv=HOST_ADDRESS6="$HOST_ADDRESS6" --setenv=LOCAL_ADDRESS6="$LOCAL_ADDRESS6" \
      "''${network[@]}" $EXTRA_NSPAWN_FLAGS \
      ${init} "$system/init"
  '';

  # The host's end of the network; the name of an interface holds fifteen letters.
  postStart = ''
    if [ "$PRIVATE_NETWORK" = 1 ] && [ -z "$HOST_BRIDGE" ] && [ -e "/sys/class/net/ve-$INSTANCE" ]; then
      ip link set "ve-$INSTANCE" up
      [ -z "$HOST_ADDRESS" ] || ip addr add "$HOST_ADDRESS" dev "ve-$INSTANCE"
      [ -z "$LOCAL_ADDRESS" ] || ip route add "''${LOCAL_ADDRESS%/*}" dev "ve-$INSTANCE"
      [ -z "$HOST_ADDRESS6" ] || ip -6 addr add "$HOST_ADDRESS6" dev "ve-$INSTANCE"
      [ -z "$LOCAL_ADDRESS6" ] || ip -6 route add "''${LOCAL_ADDRESS6%/*}" dev "ve-$INSTANCE"
    fi
  '';

  # In place: what differs between the system that runs inside and the new one is restarted in there.
  reload = ''
    leader=$(${nspawn}/bin/machinectl show "$INSTANCE" --property=Leader --value)
    system=$(readlink -f "''${SYSTEM_PATH:-/nix/var/nix/profiles/per-container/$INSTANCE/system}")
    exec nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup -- \
      "$system/bin/switch-to-configuration" test
  '';

  unit = {
    unitConfig.RequiresMountsFor = "/var/lib/containers/%i";
    path = [
      pkgs.iproute2
      pkgs.util-linux
    ];
    environment.INSTANCE = "%i";
    environment.root = "/var/lib/containers/%i";
    preStart = directories;
    script = startScript;
    inherit postStart reload;
    serviceConfig = {
      EnvironmentFile = "-/etc/containers/%i.conf";
      Type = "notify";
      NotifyAccess = "all";
      Slice = "machine.slice";
      Delegate = true;
      KillMode = "mixed";
      KillSignal = "TERM";
      TimeoutStartSec = "10min";
      SyslogIdentifier = "container %i";
      Restart = "on-failure";
      # Of nspawn: the container asked for a reboot.
      RestartForceExitStatus = 133;
      SuccessExitStatus = 133;
      DevicePolicy = "closed";
      DeviceAllow = [
        "/dev/net/tun rwm"
        "char-pts rw"
      ];
    };
  };

  confFile =
    c:
    lib.concatStrings (
      lib.mapAttrsToList (name: v: optionalString (v != null && v != "") "${name}=${toString v}\n") {
        SYSTEM_PATH = c.path;
        PRIVATE_NETWORK = if c.privateNetwork then 1 else null;
        HOST_BRIDGE = c.hostBridge;
        HOST_ADDRESS = c.hostAddress;
        LOCAL_ADDRESS = c.localAddress;
        HOST_ADDRESS6 = c.hostAddress6;
        LOCAL_ADDRESS6 = c.localAddress6;
        INTERFACES = quoted (toString c.interfaces);
        MACVLANS = quoted (toString c.macvlans);
        HOST_PORT = quoted (
          lib.concatMapStringsSep " " (
            p: "${p.protocol}:${toString p.hostPort}:${toString (if p.containerPort == null then p.hostPort else p.containerPort)}"
          ) c.forwardPorts
        );
        AUTO_START = if c.autoStart then 1 else null;
        EXTRA_NSPAWN_FLAGS = quoted (flagsOf c);
      }
    );
  quoted = text: if text == "" then null else "\"${text}\"";
in
{
  options = {
    boot.enableContainers = mkOption {
      type = types.bool;
      default = !config.boot.isContainer;
      defaultText = lib.literalExpression "!config.boot.isContainer";
      example = false;
      description = "Whether this machine can run containers.";
    };
    containers = mkOption {
      type = types.attrsOf (types.submodule containerOptions);
      default = { };
      example = lib.literalExpression ''
        {
          database.config = { pkgs, ... }: {
            services.postgresql.enable = true;
            services.postgresql.package = pkgs.postgresql;
          };
        }
      '';
      description = "The containers that belong to this configuration.";
    };
  };

  config = lib.mkIf config.boot.enableContainers {
    assertions = lib.mapAttrsToList (name: c: {
      assertion = !c.privateNetwork || c.hostBridge != null || builtins.stringLength name <= 11;
      message = "The name of the container `${name}' is longer than 11 characters: its network interface `ve-${name}' could not exist.";
    }) cfg;

    environment.systemPackages = [ nspawn ];
    environment.fhsPackages = [ nspawn ];
    services.dbus.packages = [ nspawn ];
    systemd.tmpfiles.rules = [ "d /etc/containers 0755 root root -" ];
    networking.dhcpcd.denyInterfaces = [
      "ve-*"
      "vb-*"
    ];
    environment.etc = lib.mapAttrs' (name: c: lib.nameValuePair "containers/${name}.conf" { text = confFile c; }) cfg;

    systemd.targets.multi-user.wants = [ "machines.target" ];
    systemd.services = {
      "container@" = unit // { description = "Container '%i'"; };
      systemd-machined.overrideStrategy = "asDropin";
      # Containers that `nixos-container create --auto-start` made.
      containers-autostart = {
        description = "Containers that start with the machine";
        wantedBy = [ "machines.target" ];
        after = [ "network.target" ];
        unitConfig.ConditionPathExistsGlob = "/etc/containers/*.conf";
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        restartIfChanged = false;
        script = ''
          for file in /etc/containers/*.conf; do
            # The others have a unit that says so.
            if [ ! -L "$file" ] && grep -q '^AUTO_START=1$' "$file"; then
              name=''${file##*/}
              systemctl start --no-block "container@''${name%.conf}"
            fi
          done
        '';
      };
    }
    // lib.mapAttrs' (
      name: c:
      lib.nameValuePair "container@${name}" (
        unit
        // {
          description = "Container '${name}'";
          wantedBy = lib.optional c.autoStart "machines.target";
          wants = [ "network.target" ];
          after = [ "network.target" ];
          restartTriggers = [ (builtins.unsafeDiscardStringContext (confFile (c // { path = null; }))) ];
          reloadTriggers = [ c.path ];
          restartIfChanged = c.restartIfChanged;
          environment = {
            INSTANCE = name;
            root = "/var/lib/containers/${name}";
          };
          unitConfig.RequiresMountsFor = "/var/lib/containers/${name}";
          serviceConfig = unit.serviceConfig // {
            EnvironmentFile = "/etc/containers/${name}.conf";
            SyslogIdentifier = "container ${name}";
            TimeoutStartSec = c.timeoutStartSec;
          };
        }
      )
    ) cfg;
  };
}
