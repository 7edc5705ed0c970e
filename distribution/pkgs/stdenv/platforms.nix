/* A machine's description from its Nix system, e.g. "x86_64-linux". */
{ lib }:

let

  processors = {
    x86_64 = { family = "x86"; bits = 64; linuxArch = "x86_64"; qemuArch = "x86_64"; };
    i686 = { family = "x86"; bits = 32; linuxArch = "i386"; qemuArch = "i386"; };
    aarch64 = { family = "arm"; bits = 64; linuxArch = "arm64"; qemuArch = "aarch64"; };
  };

in
system:
let
  parts = lib.splitString "-" system;
  cpu = builtins.head parts;
  kernel = lib.last parts;
  processor = processors.${cpu} or (throw "the platform '${system}' is not known; x86_64-linux, i686-linux or aarch64-linux was expected");
  config = "${cpu}-unknown-${kernel}-gnu";
in
rec {
  inherit system config;
  parsed = {
    cpu = { name = cpu; inherit (processor) family bits; significantByte.name = "littleEndian"; };
    kernel.name = kernel;
    vendor.name = "unknown";
    abi.name = "gnu";
  };
  isLinux = kernel == "linux";
  isDarwin = false;
  isWindows = false;
  isFreeBSD = false;
  isx86 = processor.family == "x86";
  isx86_64 = cpu == "x86_64";
  isx86_32 = cpu == "i686";
  isi686 = cpu == "i686";
  isAarch = processor.family == "arm";
  isAarch64 = cpu == "aarch64";
  isAarch32 = false;
  isRiscV = false;
  isEfi = true;
  is64bit = processor.bits == 64;
  is32bit = processor.bits == 32;
  isLittleEndian = true;
  isBigEndian = false;
  isGnu = true;
  isMusl = false;
  isStatic = false;
  libc = "glibc";
  inherit (processor) linuxArch qemuArch;
  linux-kernel = { name = "pc"; target = if isx86 then "bzImage" else "Image"; };
  uname = { system = "Linux"; inherit (processor) linuxArch; processor = cpu; };
  extensions = { sharedLibrary = ".so"; staticLibrary = ".a"; executable = ""; library = ".so"; };
  canExecute = other: other.system == system || (isx86_64 && other.system == "i686-linux");
  emulatorAvailable = _pkgs: false;
}
