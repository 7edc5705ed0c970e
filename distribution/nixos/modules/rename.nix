/**
  Options of earlier releases. A renamed option still works, with a warning that gives its new name; a removed one is an error
  that says what to do instead.
*/
{ lib, ... }:
let
  inherit (lib) mkAliasOptionModule mkRemovedOptionModule mkRenamedOptionModule splitString;
  path = splitString ".";
  renamed = old: new: mkRenamedOptionModule (path old) (path new);
  alias = old: new: mkAliasOptionModule (path old) (path new);
  removed = old: mkRemovedOptionModule (path old);
in
{
  imports = [
    # Users: the manual's names are as good as today's.
    (alias "users.extraUsers" "users.users")
    (alias "users.extraGroups" "users.groups")
    (renamed "security.initialRootPassword" "users.users.root.initialHashedPassword")

    # Network.
    (alias "services.sshd.enable" "services.openssh.enable")
    (renamed "services.openssh.permitRootLogin" "services.openssh.settings.PermitRootLogin")
    (renamed "services.openssh.passwordAuthentication" "services.openssh.settings.PasswordAuthentication")
    (renamed "services.openssh.challengeResponseAuthentication" "services.openssh.settings.KbdInteractiveAuthentication")
    (renamed "services.openssh.kbdInteractiveAuthentication" "services.openssh.settings.KbdInteractiveAuthentication")
    (renamed "services.openssh.forwardX11" "services.openssh.settings.X11Forwarding")
    (renamed "services.openssh.gatewayPorts" "services.openssh.settings.GatewayPorts")
    (renamed "services.openssh.useDns" "services.openssh.settings.UseDns")
    (renamed "services.openssh.knownHosts" "programs.ssh.knownHosts")
    (renamed "services.openssh.logLevel" "services.openssh.settings.LogLevel")

    # Boot.
    (renamed "boot.initrd.extraKernelModules" "boot.initrd.kernelModules")
    (renamed "boot.extraKernelParams" "boot.kernelParams")
    (renamed "boot.cleanTmpDir" "boot.tmp.cleanOnBoot")
    (renamed "boot.tmpOnTmpfs" "boot.tmp.useTmpfs")
    (renamed "nix.readOnlyStore" "boot.readOnlyNixStore")

    # Console and language.
    (renamed "i18n.consoleFont" "console.font")
    (renamed "i18n.consoleKeyMap" "console.keyMap")
    (renamed "i18n.consolePackages" "console.packages")
    (renamed "services.mingetty.autologinUser" "services.getty.autologinUser")
    (renamed "services.mingetty.greetingLine" "services.getty.greetingLine")
    (renamed "services.mingetty.helpLine" "services.getty.helpLine")
    (renamed "services.mingetty.serialSpeed" "services.getty.serialSpeed")

    # Version.
    (renamed "system.nixosVersion" "system.nixos.version")
    (renamed "system.nixosRelease" "system.nixos.release")
    (renamed "system.nixosVersionSuffix" "system.nixos.versionSuffix")
    (renamed "system.nixosRevision" "system.nixos.revision")
    (renamed "system.nixosCodeName" "system.nixos.codeName")
    (renamed "system.nixosLabel" "system.nixos.label")

    # Package manager.
    (renamed "nix.maxJobs" "nix.settings.max-jobs")
    (renamed "nix.buildCores" "nix.settings.cores")
    (renamed "nix.useSandbox" "nix.settings.sandbox")
    (renamed "nix.useChroot" "nix.settings.sandbox")
    (renamed "nix.chrootDirs" "nix.settings.extra-sandbox-paths")
    (renamed "nix.binaryCaches" "nix.settings.substituters")
    (renamed "nix.binaryCachePublicKeys" "nix.settings.trusted-public-keys")
    (renamed "nix.trustedBinaryCaches" "nix.settings.trusted-substituters")
    (renamed "nix.trustedUsers" "nix.settings.trusted-users")
    (renamed "nix.allowedUsers" "nix.settings.allowed-users")

    # Gone.
    (removed "boot.loader.grub.bootDevice" "Use boot.loader.grub.device.")
    (removed "environment.x11Packages" "Use environment.systemPackages.")
    (removed "environment.enableBashCompletion" "Use programs.bash.completion.enable.")
    (removed "environment.nix" "Use nix.package.")
    (removed "services.mingetty.waitOnMounts" "Prompts do not wait for mounts.")
    (removed "services.samba.defaultShare" "Use services.samba.settings.")
    (removed "services.openssh.extraModuli" "Use services.openssh.moduliFile.")
    (removed "services.syslog-ng.serviceName" "The service's name is fixed.")
  ];
}
