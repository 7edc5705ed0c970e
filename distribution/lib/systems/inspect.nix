# Questions about platforms: `isLinux`, `isx86_64`, ... Each is a pattern (a set that a parsed platform must match, or a
# list of such, of which one must match) and a predicate made from it.
{ lib }:

let
  inherit (builtins)
    any
    attrValues
    concatMap
    filter
    isList
    map
    mapAttrs
    ;
  inherit (lib.systems.parse)
    cpuTypes
    execFormats
    kernelFamilies
    kernels
    significantBytes
    ;

  # Assertions are functions, which no comparison can take.
  abis = mapAttrs (_: abi: removeAttrs abi [ "assertions" ]) lib.systems.parse.abis;

  family = name: { cpu.family = name; };
  sized = name: bits: { cpu = { family = name; inherit bits; }; };
  kernel = name: { kernel = kernels.${name}; };
  abiNamed = names: map (name: { abi = abis.${name}; }) names;
in
rec {
  patterns = rec {
    # CPUs.
    isi686.cpu = cpuTypes.i686;
    isx86 = family "x86";
    isx86_32 = sized "x86" 32;
    isx86_64 = sized "x86" 64;
    isAarch = family "arm";
    isAarch32 = sized "arm" 32;
    isAarch64 = sized "arm" 64;
    isArmv7 = map (cpu: { cpu = { inherit (cpu) arch; }; }) (
      filter (cpu: lib.strings.hasPrefix "armv7" (cpu.arch or "")) (attrValues cpuTypes)
    );
    isPower = family "power";
    isPower64 = sized "power" 64;
    isMicroBlaze = family "microblaze";
    isMips = family "mips";
    isMips32 = sized "mips" 32;
    isMips64 = sized "mips" 64;
    isMips64n32 = sized "mips" 64 // { abi.abi = "n32"; };
    isMips64n64 = sized "mips" 64 // { abi.abi = "64"; };
    isMmix = family "mmix";
    isRiscV = family "riscv";
    isRiscV32 = sized "riscv" 32;
    isRiscV64 = sized "riscv" 64;
    isRx = family "rx";
    isSparc = family "sparc";
    isSparc64 = sized "sparc" 64;
    isWasm = family "wasm";
    isMsp430 = family "msp430";
    isVc4 = family "vc4";
    isAvr = family "avr";
    isAlpha = family "alpha";
    isOr1k = family "or1k";
    isM68k = family "m68k";
    isArc = family "arc";
    isSh4 = family "sh";
    isS390 = family "s390";
    isS390x = sized "s390" 64;
    isLoongArch64 = sized "loongarch" 64;
    isJavaScript.cpu = cpuTypes.javascript;

    is32bit.cpu.bits = 32;
    is64bit.cpu.bits = 64;
    isILP32 = [ (sized "wasm" 32) ] ++ map (abi: { abi = { inherit abi; }; }) [ "n32" "ilp32" "x32" ];
    isBigEndian.cpu.significantByte = significantBytes.bigEndian;
    isLittleEndian.cpu.significantByte = significantBytes.littleEndian;

    # Kernels.
    isLinux = kernel "linux";
    isBSD.kernel.families = { inherit (kernelFamilies) bsd; };
    isFreeBSD.kernel.name = "freebsd";
    isNetBSD = kernel "netbsd";
    isOpenBSD = kernel "openbsd";
    isDarwin.kernel.families = { inherit (kernelFamilies) darwin; };
    isMacOS = kernel "macos";
    isiOS = kernel "ios";
    isSunOS = kernel "solaris";
    isRedox = kernel "redox";
    isGenode = kernel "genode";
    isCygwin = kernel "cygwin";
    isWindows = kernel "windows";
    isMinGW = kernel "windows" // { abi = abis.gnu; };
    isMsvc = kernel "windows" // { abi = abis.msvc; };
    isWasi = kernel "wasi";
    isGhcjs = kernel "ghcjs";
    isUefi = [ (kernel "uefi") ];
    isNone = kernel "none";
    isUnix = [ isBSD isDarwin isLinux isSunOS isCygwin isRedox ];

    # ABIs and formats.
    isGnu = abiNamed [ "gnu" "gnueabi" "gnueabihf" "gnuabi64" "gnuabin32" "gnuabielfv1" "gnuabielfv2" ];
    isMusl = abiNamed [ "musl" "musleabi" "musleabihf" "muslabi64" "muslabin32" ];
    isUClibc = abiNamed [ "uclibc" "uclibceabi" "uclibceabihf" ];
    isAndroid = abiNamed [ "android" "androideabi" ];
    isAbiElfv1.abi.abi = "elfv1";
    isAbiElfv2 = [
      { abi.abi = "elfv2"; }
      (sized "power" 64 // { abi.name = "musl"; })
    ];
    isEabi.abi.eabi = true;
    isElf.kernel.execFormat = execFormats.elf;
    isMacho.kernel.execFormat = execFormats.macho;
    isPE.kernel.execFormat = execFormats.pe;
    isEfi =
      map family [ "riscv" "x86" "loongarch" ]
      ++ map (version: { cpu = { family = "arm"; inherit version; }; }) [ "6" "7" "8" ];
  };

  /** Pattern that matches what both of two patterns match; throws where they contradict each other. */
  patternLogicalAnd =
    a: b:
    let
      join = lib.attrsets.recursiveUpdateUntil (
        path: left: right:
        if left == right || builtins.intersectAttrs left right == { } then
          true
        else
          throw "pattern conflict at path ${toString path}: ${builtins.toJSON left} and ${builtins.toJSON right}"
      );
    in
    concatMap (right: map (left: join left right) (lib.lists.toList a)) (lib.lists.toList b);

  /** Whether a parsed platform matches a pattern, or one of a list. */
  matchAnyAttrs =
    pattern:
    if isList pattern then
      attrs: any (one: lib.attrsets.matchAttrs one attrs) pattern
    else
      lib.attrsets.matchAttrs pattern;

  predicates = mapAttrs (_: matchAnyAttrs) patterns;

  /** Patterns of elaborated platforms. */
  platformPatterns.isStatic = {
    parsed = { };
    isStatic = true;
  };
}
