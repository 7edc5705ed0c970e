# lib.systems, lib.network, lib.kernel
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  inherit (lib.systems) elaborate parse;
  x86 = elaborate "x86_64-linux";
  arm = elaborate "aarch64-linux";
  old = elaborate "i686-linux";
in
{
  "x86_64-linux" = {
    expr = { inherit (x86) system config libc linuxArch qemuArch efiArch libDir isLinux isx86_64 is64bit isDarwin isStatic hasSharedLibraries isLittleEndian; };
    expected = { system = "x86_64-linux"; config = "x86_64-unknown-linux-gnu"; libc = "glibc"; linuxArch = "x86_64"; qemuArch = "x86_64"; efiArch = "x64"; libDir = "lib64"; isLinux = true; isx86_64 = true; is64bit = true; isDarwin = false; isStatic = false; hasSharedLibraries = true; isLittleEndian = true; };
  };
  "aarch64-linux" = {
    expr = { inherit (arm) system config linuxArch qemuArch efiArch libDir isAarch64 isAarch32; arch = arm.gcc.arch; go = arm.go.GOARCH; node = arm.node.arch; };
    expected = { system = "aarch64-linux"; config = "aarch64-unknown-linux-gnu"; linuxArch = "arm64"; qemuArch = "aarch64"; efiArch = "aa64"; libDir = "lib"; isAarch64 = true; isAarch32 = false; arch = "armv8-a"; go = "arm64"; node = "arm64"; };
  };
  "i686-linux" = { expr = { inherit (old) system config linuxArch qemuArch isx86_32 is32bit; }; expected = { system = "i686-linux"; config = "i686-unknown-linux-gnu"; linuxArch = "i386"; qemuArch = "i386"; isx86_32 = true; is32bit = true; }; };
  "elaborating twice changes nothing" = { expr = map (s: lib.systems.equals s (elaborate s)) [ x86 arm old ]; expected = [ true true true ]; };
  "given attributes stay" = { expr = (elaborate { system = "x86_64-linux"; libc = "mine"; gcc.arch = "skylake"; }).libc; expected = "mine"; };
  "features of a CPU" = { expr = [ x86.avx2Support (elaborate { system = "x86_64-linux"; gcc.arch = "x86-64-v3"; }).avx2Support ]; expected = [ false true ]; };
  "who executes whom" = { expr = [ (x86.canExecute old) (old.canExecute x86) (x86.canExecute arm) (x86.canExecute (elaborate { system = "x86_64-linux"; gcc.arch = "x86-64-v4"; })) ]; expected = [ true false false false ]; };
  "names there and back" = { expr = map (s: (elaborate s).system) lib.systems.doubles.all == lib.systems.doubles.all; expected = true; };
  "triples" = {
    expr = map (s: (elaborate { config = s; }).system) [ "x86_64-unknown-linux-musl" "armv7l-unknown-linux-gnueabihf" "arm64-apple-darwin" "x86_64-w64-mingw32" "riscv64-none-elf" ];
    expected = [ "x86_64-linux" "armv7l-linux" "aarch64-darwin" "x86_64-windows" "riscv64-none" ];
  };
  "musl" = { expr = { inherit (elaborate lib.systems.examples.musl64) libc isMusl isGnu; }; expected = { libc = "musl"; isMusl = true; isGnu = false; }; };
  "unknown names are errors" = { expr = map (s: fails (elaborate s).system) [ "abacus-linux" "x86_64-abacus" "a-b-c-d-e" ]; expected = [ true true true ]; };
  "all examples elaborate" = { expr = lib.all (s: builtins.isString (elaborate s).system) (lib.attrValues lib.systems.examples); expected = true; };
  "rust" = { expr = [ x86.rust.rustcTarget (elaborate "armv7l-linux").rust.rustcTarget x86.rust.cargoEnvVarTarget ]; expected = [ "x86_64-unknown-linux-gnu" "armv7-unknown-linux-gnueabihf" "X86_64_UNKNOWN_LINUX_GNU" ]; };
  "platforms" = { expr = [ (lib.elem "x86_64-linux" lib.platforms.linux) (lib.elem "x86_64-darwin" lib.platforms.unix) (lib.elem "x86_64-linux" lib.platforms.darwin) lib.platforms.none ]; expected = [ true true false [ ] ]; };
  "isCompatible" = { expr = with parse.cpuTypes; [ (parse.isCompatible x86_64 i386) (parse.isCompatible i386 x86_64) (parse.isCompatible aarch64 armv8a) ]; expected = [ true false true ]; };

  "IPv6 addresses" = {
    expr = map lib.network.ipv6.fromString [ "::1" "2001:DB8::ffff/64" "1:2:3:4:5:6:7:8" ];
    expected = [ { address = "0:0:0:0:0:0:0:1"; prefixLength = 128; } { address = "2001:db8:0:0:0:0:0:ffff"; prefixLength = 64; } { address = "1:2:3:4:5:6:7:8"; prefixLength = 128; } ];
  };
  "IPv6 addresses that are wrong" = { expr = map (a: fails (lib.network.ipv6.fromString a)) [ "1:2" "::1::2" "::10000" "::1/129" "1:2:3:4:5:6:7:8:9" "::g" ]; expected = [ true true true true true true ]; };
  "mkEUI64Suffix" = { expr = [ (lib.network.ipv6.mkEUI64Suffix "66:75:63:6B:20:75") (fails (lib.network.ipv6.mkEUI64Suffix "66:75")) ]; expected = [ "6475:63ff:fe6b:2075" true ]; };

  "kernel options" = { expr = [ lib.kernel.yes.tristate (lib.kernel.option lib.kernel.no) ((lib.kernel.whenHelpers "6.1").whenAtLeast "6.0" 1).condition ]; expected = [ "y" { tristate = "n"; optional = true; } true ]; };
}
