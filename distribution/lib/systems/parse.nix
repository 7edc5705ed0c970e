# Names of platforms taken apart: "x86_64-linux" (a Nix system, or "double") and "x86_64-unknown-linux-gnu" (a
# configuration, or "triple") become { cpu; vendor; kernel; abi; }, each a record with facts.
{ lib }:

let
  inherit (builtins)
    any
    elem
    elemAt
    head
    intersectAttrs
    length
    mapAttrs
    match
    ;
  inherit (lib.strings) hasPrefix;
  inherit (lib.systems.parse)
    abis
    cpuTypes
    kernels
    significantBytes
    vendors
    ;

  # Records know their kind and name.
  records = kind: mapAttrs (name: facts: { inherit name; } // facts // { _type = kind; });

  little = significantBytes.littleEndian;
  big = significantBytes.bigEndian;

  cpu = family: bits: significantByte: { inherit family bits significantByte; };
  arm = version: arch: cpu "arm" 32 little // { inherit version arch; };
  arm64 = significantByte: cpu "arm" 64 significantByte // { version = "8"; arch = "armv8-a"; };
  x86 = arch: cpu "x86" 32 little // { inherit arch; };

  # Which CPU executes programs of another: each entry is executed by the next ones.
  ladders = [
    [ "i386" "i486" "i586" "i686" "x86_64" ]
    [ "arm" "armv5tel" "armv6l" "armv7l" "armv7a" ]
    [ "armv7l" "armv7r" ]
    [ "armv6m" "armv6l" ]
    [ "armv7m" "armv7a" ]
    [ "armv7m" "armv7r" ]
    [ "armv8a" "aarch64" ]
    [ "powerpc" "powerpc64" ]
    [ "powerpcle" "powerpc64le" ]
    [ "mips" "mips64" ]
    [ "mipsel" "mips64el" ]
    [ "sparc" "sparc64" ]
  ];

  # Names of the CPUs one step up.
  above =
    name:
    builtins.concatMap (
      ladder:
      let
        at = lib.lists.findFirstIndex (n: n == name) null ladder;
      in
      if at == null || at + 1 == length ladder then [ ] else [ (elemAt ladder (at + 1)) ]
    ) ladders;

  executes = by: name: by == name || any (executes by) (above name);

  soft = { float = "soft"; eabi = true; };
  hard = { float = "hard"; eabi = true; };

  lookUp =
    what: known: name:
    known.${name} or (throw "Unknown ${what}: ${name}");

  # "linux-gnueabihf" may come as "linuxeabi": the kernel is what stands before.
  kernelOf =
    name:
    let
      withAbi = match "(.*)e?abi.*" name;
      named = builtins.filter (prefix: hasPrefix prefix name) [ "darwin" "netbsd" ];
    in
    lookUp "kernel" kernels (
      if named != [ ] then head named else if withAbi == null then name else head withAbi
    );

  # Which component is what depends on how many there are. Yields names, vendor and ABI only where given.
  components =
    parts:
    let
      at = elemAt parts;
      n = length parts;
      first = {
        cpu = at 0;
      };
      ambiguous = throw "The platform `${builtins.concatStringsSep "-" parts}' has ${toString n} component(s), which can be read in several ways";
      last = at (n - 1);
      kernelLast =
        elem last [ "redox" "mmixware" "ghcjs" "mingw32" "uefi" "cygwin" ]
        || any (kernel: hasPrefix kernel last) [ "freebsd" "netbsd" "openbsd" "genode" ]
        || hasPrefix "wasm32" (at 0);
    in
    if n == 1 then
      if at 0 == "avr" then first // { kernel = "none"; abi = "unknown"; } else ambiguous
    else if n == 2 then
      if at 1 == "windows" then
        first // { kernel = "windows"; abi = "msvc"; }
      else if at 1 == "cygwin" then
        first // { vendor = "pc"; kernel = "cygwin"; }
      else if at 1 == "elf" then
        first // { vendor = "unknown"; kernel = "none"; abi = "elf"; }
      else
        first // { kernel = at 1; }
    else if n == 3 then
      if at 1 == "linux" || elem last [ "eabi" "eabihf" "elf" "gnu" ] then
        first // { vendor = "unknown"; kernel = at 1; abi = last; }
      else if at 1 == "apple" || kernelLast then
        first // { vendor = at 1; kernel = if last == "mingw32" then "windows" else last; }
      else
        ambiguous
    else if n == 4 then
      first // { vendor = at 1; kernel = at 2; abi = at 3; }
    else
      throw "The platform `${builtins.concatStringsSep "-" parts}' has ${toString n} components; two to four are expected";

  is = pattern: lib.systems.inspect.predicates.${pattern};

  defaultVendor =
    parsed:
    if is "isDarwin" parsed then
      vendors.apple
    else if is "isWindows" parsed || is "isCygwin" parsed then
      vendors.pc
    else
      vendors.unknown;

  defaultAbi =
    parsed:
    if !(is "isLinux" parsed || is "isWindows" parsed) then
      abis.unknown
    else if is "isAarch32" parsed then
      if lib.strings.versionAtLeast (parsed.cpu.version or "0") "6" then abis.gnueabihf else abis.gnueabi
    else if is "isPower64" parsed && is "isBigEndian" parsed then
      abis.gnuabielfv1
    else
      abis.gnu;

  ambiguousGnu = cpus: names: test: {
    assertion = platform: !test platform;
    message = "The ABI \"gnu\" has several meanings on ${cpus}: say ${names}.";
  };
in
rec {
  significantBytes = records "significant-byte" {
    bigEndian = { };
    littleEndian = { };
  };

  cpuTypes =
    let
      types = records "cpu-type" {
        arm = cpu "arm" 32 little;
        armv5tel = arm "5" "armv5t";
        armv6m = arm "6" "armv6-m";
        armv6l = arm "6" "armv6";
        armv7a = arm "7" "armv7-a";
        armv7r = arm "7" "armv7-r";
        armv7m = arm "7" "armv7-m";
        armv7l = arm "7" "armv7";
        armv8a = arm "8" "armv8-a";
        armv8r = arm "8" "armv8-a";
        armv8m = arm "8" "armv8-m";
        aarch64 = arm64 little;
        aarch64_be = arm64 big;

        i386 = x86 "i386";
        i486 = x86 "i486";
        i586 = x86 "i586";
        i686 = x86 "i686";
        x86_64 = cpu "x86" 64 little // { arch = "x86-64"; };

        microblaze = cpu "microblaze" 32 big;
        microblazeel = cpu "microblaze" 32 little;
        mips = cpu "mips" 32 big;
        mipsel = cpu "mips" 32 little;
        mips64 = cpu "mips" 64 big;
        mips64el = cpu "mips" 64 little;
        mmix = cpu "mmix" 64 big;
        m68k = cpu "m68k" 32 big;
        sh4 = cpu "sh" 32 little;
        powerpc = cpu "power" 32 big;
        powerpcle = cpu "power" 32 little;
        powerpc64 = cpu "power" 64 big;
        powerpc64le = cpu "power" 64 little;
        riscv32 = cpu "riscv" 32 little;
        riscv64 = cpu "riscv" 64 little;
        s390 = cpu "s390" 32 big;
        s390x = cpu "s390" 64 big;
        sparc = cpu "sparc" 32 big;
        sparc64 = cpu "sparc" 64 big;
        wasm32 = cpu "wasm" 32 little;
        wasm64 = cpu "wasm" 64 little;
        alpha = cpu "alpha" 64 little;
        rx = cpu "rx" 32 little;
        msp430 = cpu "msp430" 16 little;
        avr = {
          family = "avr";
          bits = 8;
        };
        vc4 = cpu "vc4" 32 little;
        or1k = cpu "or1k" 32 big;
        arc = cpu "arc" 32 little;
        loongarch64 = cpu "loongarch" 64 little;
        javascript = cpu "javascript" 32 little;
      };
    in
    types // { arm64 = types.aarch64; };

  /** Whether the first CPU executes programs of the second. */
  isCompatible = by: of: executes by.name of.name;

  vendors = records "vendor" {
    apple = { };
    pc = { };
    knuth = { };
    w64 = { };
    none = { };
    unknown = { };
  };

  execFormats = records "exec-format" {
    aout = { };
    elf = { };
    macho = { };
    pe = { };
    wasm = { };
    unknown = { };
  };

  kernelFamilies = records "kernel-family" {
    bsd = { };
    darwin = { };
  };

  kernels =
    let
      kernel = format: families: {
        execFormat = execFormats.${format};
        families = intersectAttrs families kernelFamilies;
      };
      plain = format: kernel format { };
      bsd = kernel "elf" { bsd = { }; };
      darwin = kernel "macho" { darwin = { }; };
      types = records "kernel" {
        linux = plain "elf";
        macos = darwin // { name = "darwin"; };
        ios = darwin;
        freebsd = bsd;
        netbsd = bsd;
        openbsd = bsd;
        solaris = plain "elf";
        redox = plain "elf";
        genode = plain "elf";
        windows = plain "pe";
        cygwin = plain "pe";
        uefi = plain "pe";
        wasi = plain "wasm";
        ghcjs = plain "unknown";
        mmixware = plain "unknown";
        none = plain "unknown";
      };
    in
    types
    // {
      darwin = types.macos;
      watchos = types.ios;
      tvos = types.ios;
      win32 = types.windows;
    };

  abis = records "abi" {
    gnu = {
      assertions = [
        (ambiguousGnu "32-bit ARM" "\"gnueabi\" or \"gnueabihf\"" (platform: platform.isAarch32))
        (ambiguousGnu "big-endian 64-bit PowerPC" "\"gnuabielfv1\" or \"gnuabielfv2\"" (
          platform: platform.isPower64 && platform.isBigEndian
        ))
      ];
    };
    gnueabi = soft;
    gnueabihf = hard;
    gnuabi64.abi = "64";
    gnuabin32.abi = "n32";
    gnuabielfv1.abi = "elfv1";
    gnuabielfv2.abi = "elfv2";
    musl = { };
    musleabi = soft;
    musleabihf = hard;
    muslabi64.abi = "64";
    muslabin32.abi = "n32";
    uclibc = { };
    uclibceabi = soft;
    uclibceabihf = hard;
    android.assertions = [
      {
        assertion = platform: !platform.isAarch32;
        message = "The ABI of 32-bit ARM on Android is called \"androideabi\".";
      }
    ];
    androideabi.eabi = true;
    eabi = soft;
    eabihf = hard;
    elf = { };
    msvc = { };
    unknown = { };
  };

  isSystem = lib.types.isType "system";

  /** Platform of records. */
  mkSystem = parsed: parsed // { _type = "system"; };

  /** Names of the components of a list of parts. */
  mkSkeletonFromList = components;

  /** Platform of names. */
  mkSystemFromSkeleton =
    names:
    let
      parsed = {
        cpu = lookUp "CPU type" cpuTypes names.cpu;
        kernel = kernelOf names.kernel;
        vendor = if names ? vendor then lookUp "vendor" vendors names.vendor else defaultVendor parsed;
        abi = if names ? abi then lookUp "ABI" abis names.abi else defaultAbi parsed;
      };
    in
    mkSystem parsed;

  /** Platform of "CPU-KERNEL" or "CPU-VENDOR-KERNEL-ABI". */
  mkSystemFromString = text: mkSystemFromSkeleton (components (lib.strings.splitString "-" text));

  kernelName = kernel: kernel.name + toString (kernel.version or "");

  darwinArch = cpu: if cpu.name == "aarch64" then "arm64" else cpu.name;

  /** "CPU-KERNEL", as Nix calls a platform. */
  doubleFromSystem =
    { cpu, kernel, ... }: if kernel.families ? darwin then "${cpu.name}-darwin" else "${cpu.name}-${kernelName kernel}";

  # Some old NetBSD ports run a.out by default, and say so when they run ELF.
  gnuNetBSDDefaultExecFormat =
    cpu:
    if cpu.bits == 32 && elem cpu.family [ "arm" "sparc" "m68k" "x86" ] then execFormats.aout else execFormats.elf;

  /** "CPU-VENDOR-KERNEL-ABI", as configure scripts call a platform. */
  tripleFromSystem =
    {
      cpu,
      vendor,
      kernel,
      abi,
      ...
    }:
    let
      cpuName = if kernel.families ? darwin then darwinArch cpu else cpu.name;
      format =
        if kernel.name == "netbsd" && gnuNetBSDDefaultExecFormat cpu != kernel.execFormat then kernel.execFormat.name else "";
      abiPart = if abi.name == "unknown" then "" else "-${abi.name}";
    in
    "${cpuName}-${vendor.name}-${kernelName kernel}${format}${abiPart}";

  /** The same platform with musl as its C library. */
  mkMuslSystem =
    parsed:
    let
      suffix = match "(gnu|musl)(.*)" parsed.abi.name;
      name = if suffix == null then "musl" else "musl" + elemAt suffix 1;
    in
    mkSystem (parsed // { abi = abis.${name} or abis.musl; });
}
