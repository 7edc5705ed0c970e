# Platforms: what a name such as "x86_64-linux" says about CPU, kernel and C library.
{ lib }:

let
  inherit (builtins)
    foldl'
    isAttrs
    mapAttrs
    removeAttrs
    ;

  part = file: import file { inherit lib; };

  doubles = part ./doubles.nix;
  parse = part ./parse.nix;
  inspect = part ./inspect.nix;
  platforms = part ./platforms.nix;
  examples = part ./examples.nix;
  architectures = part ./architectures.nix;
  facts = part ./facts.nix;

  # Attributes that are functions, and so can neither be compared nor shown.
  functionNames = [
    "canExecute"
    "emulator"
    "emulatorAvailable"
    "staticEmulatorAvailable"
  ];

  # How programs of a platform run on another, as a path, or null where they cannot.
  emulatorOn =
    platform: pkgs:
    let
      host = pkgs.stdenv.hostPlatform;
    in
    if host.canExecute platform then
      lib.meta.getExe (pkgs.writeShellScriptBin "exec" ''exec "$@"'')
    else if platform.isLinux && host.isLinux && platform.qemuArch != null then
      "${pkgs.qemu-user}/bin/qemu-${platform.qemuArch}"
    else if platform.isWindows then
      "${(pkgs.winePackagesFor "wine${toString platform.parsed.cpu.bits}").minimal}/bin/wine"
    else if platform.isWasi then
      "${pkgs.wasmtime}/bin/wasmtime"
    else if platform.isGhcjs then
      "${pkgs.nodejs-slim}/bin/node"
    else if platform.isMmix then
      "${pkgs.mmixware}/bin/mmix"
    else
      null;

  check =
    platform:
    foldl' (
      ok: rule: if rule.assertion platform then ok else throw rule.message
    ) platform (platform.parsed.abi.assertions or [ ]);
in
rec {
  inherit
    architectures
    doubles
    examples
    functionNames
    inspect
    parse
    platforms
    ;

  /** Systems that flakes commonly offer packages for. */
  flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "armv6l-linux"
    "armv7l-linux"
    "i686-linux"
    "aarch64-darwin"
    "powerpc64le-linux"
    "riscv64-linux"
    "x86_64-freebsd"
  ];

  /** Whether two elaborated platforms are the same. */
  equals = a: b: a._withoutFunctions == b._withoutFunctions;

  /** Set of a platform that is given as text or as a set. */
  systemToAttrs = given: if isAttrs given then given else { system = given; };

  /**
    All that is known about a platform, from "x86_64-linux", from `{ config = "x86_64-unknown-linux-gnu"; }`, or from
    what this function has returned. Attributes that are given are kept.
  */
  elaborate =
    given:
    let
      all = systemToAttrs given;
      args = removeAttrs all [ "parsed" "system" "_withoutFunctions" ];
      final =
        {
          _withoutFunctions = removeAttrs final (functionNames ++ [ "_withoutFunctions" ]);
          parsed = parse.mkSystemFromString (args.config or all.system);
          system = parse.doubleFromSystem final.parsed;
          config = parse.tripleFromSystem final.parsed;

          canExecute =
            other:
            final.isAndroid == other.isAndroid
            && final.parsed.kernel == other.parsed.kernel
            && parse.isCompatible final.parsed.cpu other.parsed.cpu
            && (
              final.parsed.cpu != other.parsed.cpu
              || !(other ? gcc.arch)
              || (final ? gcc.arch && architectures.canExecute final.gcc.arch other.gcc.arch)
            );
          emulatorAvailable = pkgs: emulatorOn final pkgs != null;
          staticEmulatorAvailable = pkgs: final.emulatorAvailable pkgs && (final.isLinux || final.isWasi || final.isMmix);
          emulator =
            pkgs:
            let
              emulator = emulatorOn final pkgs;
            in
            if emulator == null then throw "there is no way to run programs for ${final.config} here" else emulator;
        }
        // facts final args
        // mapAttrs (_: holds: holds final.parsed) inspect.predicates
        // mapAttrs (_: holds: holds (final.gcc.arch or "default")) architectures.predicates
        // args
        // facts.forLanguages final args;
    in
    check final;
}
