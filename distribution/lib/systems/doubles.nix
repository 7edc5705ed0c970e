# Nix systems, all that are known and by kind: for `meta.platforms`.
{ lib }:

let
  inherit (builtins) attrNames concatMap filter map;
  inherit (lib.systems) parse;
  inherit (lib.systems.inspect) predicates;

  # CPUs by kernel.
  cpusOf = {
    linux = [
      "aarch64" "arc" "armv5tel" "armv6l" "armv7a" "armv7l" "i686" "loongarch64" "m68k" "microblaze"
      "microblazeel" "mips" "mips64" "mips64el" "mipsel" "powerpc" "powerpc64" "powerpc64le" "riscv32"
      "riscv64" "s390" "s390x" "sh4" "x86_64"
    ];
    none = [
      "aarch64" "aarch64_be" "arm" "armv6l" "avr" "i686" "m68k" "microblaze" "microblazeel" "mips" "mips64"
      "msp430" "or1k" "powerpc" "powerpcle" "riscv32" "riscv64" "rx" "s390" "s390x" "vc4" "x86_64"
    ];
    netbsd = [
      "aarch64" "armv6l" "armv7a" "armv7l" "i686" "m68k" "mipsel" "powerpc" "riscv32" "riscv64" "x86_64"
    ];
    freebsd = [ "aarch64" "i686" "x86_64" ];
    openbsd = [ "i686" "x86_64" ];
    darwin = [ "aarch64" "x86_64" ];
    genode = [ "aarch64" "i686" "x86_64" ];
    windows = [ "aarch64" "i686" "x86_64" ];
    cygwin = [ "i686" "x86_64" ];
    uefi = [ "aarch64" "x86_64" ];
    wasi = [ "wasm32" "wasm64" ];
    solaris = [ "x86_64" ];
    redox = [ "x86_64" ];
    ghcjs = [ "javascript" ];
    mmixware = [ "mmix" ];
  };

  all = concatMap (kernel: map (cpu: "${cpu}-${kernel}") cpusOf.${kernel}) (attrNames cpusOf);
  parsed = map parse.mkSystemFromString all;
  those = predicate: map parse.doubleFromSystem (filter predicate parsed);
in
builtins.mapAttrs (_: pattern: those predicates.${pattern}) {
  arm = "isAarch32";
  armv7 = "isArmv7";
  aarch = "isAarch";
  aarch64 = "isAarch64";
  x86 = "isx86";
  i686 = "isi686";
  x86_64 = "isx86_64";
  microblaze = "isMicroBlaze";
  mips = "isMips";
  mmix = "isMmix";
  power = "isPower";
  riscv = "isRiscV";
  riscv32 = "isRiscV32";
  riscv64 = "isRiscV64";
  rx = "isRx";
  vc4 = "isVc4";
  or1k = "isOr1k";
  m68k = "isM68k";
  arc = "isArc";
  sh4 = "isSh4";
  s390 = "isS390";
  s390x = "isS390x";
  loongarch64 = "isLoongArch64";
  js = "isJavaScript";
  bigEndian = "isBigEndian";
  littleEndian = "isLittleEndian";
  cygwin = "isCygwin";
  darwin = "isDarwin";
  freebsd = "isFreeBSD";
  illumos = "isSunOS";
  linux = "isLinux";
  netbsd = "isNetBSD";
  openbsd = "isOpenBSD";
  unix = "isUnix";
  wasi = "isWasi";
  redox = "isRedox";
  windows = "isWindows";
  genode = "isGenode";
  uefi = "isUefi";
  embedded = "isNone";
}
// {
  inherit all;
  none = [ ];
  gnu = those (platform: predicates.isLinux platform && predicates.isGnu platform);
}
