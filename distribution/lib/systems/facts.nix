# What follows from a parsed platform: C library, file extensions, and the names that other projects have for it.
# Called with the elaborated platform (`final`) and what the user has given (`args`).
{ lib }:

let
  inherit (builtins) elem;
  inherit (lib.strings) optionalString;

  # First value whose condition holds: [ condition value condition value ... otherwise ].
  choose =
    cases:
    let
      from =
        i:
        if i + 1 == builtins.length cases then
          builtins.elemAt cases i
        else if builtins.elemAt cases i then
          builtins.elemAt cases (i + 1)
        else
          from (i + 2);
    in
    from 0;

  libcOf =
    p:
    choose [
      p.isDarwin "libSystem"
      p.isMsvc "ucrt"
      p.isMinGW "msvcrt"
      p.isCygwin "cygwin"
      p.isWasi "wasilibc"
      p.isWasm null
      p.isRedox "relibc"
      p.isMusl "musl"
      p.isUClibc "uclibc"
      p.isAndroid "bionic"
      p.isLinux "glibc"
      p.isFreeBSD "fblibc"
      p.isOpenBSD "oblibc"
      p.isNetBSD "nblibc"
      p.isAvr "avrlibc"
      p.isGhcjs null
      p.isNone "newlib"
      "native/impure"
    ];

  endian = p: optionalString p.isLittleEndian "le";

  unameProcessor =
    p:
    choose [
      p.isPower64 "ppc64${endian p}"
      p.isPower "ppc${endian p}"
      p.isMips64 "mips64"
      p.isDarwin p.darwinArch
      p.parsed.cpu.name
    ];

  linuxArch =
    p:
    choose [
      p.isAarch32 "arm"
      p.isAarch64 "arm64"
      p.isx86_32 "i386"
      p.isx86_64 "x86_64"
      p.isMicroBlaze "microblaze"
      p.isMips "mips"
      p.isPower "powerpc"
      p.isRiscV "riscv"
      p.isSh4 "sh"
      p.isS390 "s390"
      p.isLoongArch64 "loongarch"
      p.parsed.cpu.name
    ];

  qemuArch =
    p:
    choose [
      p.isAarch32 "arm"
      p.isAarch64 "aarch64${optionalString p.isBigEndian "_be"}"
      (p.isS390 && !p.isS390x) null
      p.isx86_64 "x86_64"
      p.isx86 "i386"
      p.isMips64n32 "mipsn32${optionalString p.isLittleEndian "el"}"
      p.isMips64 "mips64${optionalString p.isLittleEndian "el"}"
      p.uname.processor
    ];

  efiArch =
    p:
    choose [
      p.isx86_32 "ia32"
      p.isx86_64 "x64"
      p.isAarch32 "arm"
      p.isAarch64 "aa64"
      p.parsed.cpu.name
    ];

  hasSharedLibraries =
    p:
    !p.isStatic
    && (
      p.isGnu || p.isMusl || p.isAndroid || p.isDarwin || p.isSunOS || p.isBSD || p.isCygwin || p.isWindows || p.isWasm
    );

  extensions =
    p:
    let
      windows = p.isWindows || p.isCygwin;
      static = if p.isWindows then ".lib" else ".a";
      shared = choose [
        p.isDarwin ".dylib"
        windows ".dll"
        ".so"
      ];
    in
    {
      staticLibrary = static;
      library = if p.isStatic then static else shared;
      executable = if windows then ".exe" else "";
    }
    // (if p.hasSharedLibraries then { sharedLibrary = shared; } else { });

  # Names in Rust. A user may give `rust` (or `rustc`) with parts of this.
  rust =
    p: args:
    let
      given = args.rust or args.rustc or { };
      cpu = p.parsed.cpu.name;
      platform = given.platform or { } // {
        arch =
          given.platform.arch or (choose [
            p.isAarch32 "arm"
            p.isMips64 "mips64"
            p.isPower64 "powerpc64"
            cpu
          ]);
        os =
          if given ? platform then
            given.platform.os or "none"
          else
            choose [
              p.isDarwin "macos"
              (p.isWasm && !p.isWasi) "unknown"
              p.parsed.kernel.name
            ];
        vendor = given.platform.vendor or (if p.parsed.vendor.name == "w64" then "pc" else p.parsed.vendor.name);
        target-family =
          if given ? platform.target-family then
            lib.lists.toList given.platform.target-family
          else
            lib.lists.optional p.isUnix "unix"
            ++ lib.lists.optional p.isWindows "windows"
            ++ lib.lists.optional p.isWasm "wasm";
      };
      targetCpu =
        {
          armv7a = "armv7";
          armv7l = "armv7";
          armv6l = "arm";
          armv5tel = "armv5te";
          riscv32 = "riscv32gc";
          riscv64 = "riscv64gc";
        }
        .${cpu} or cpu;
      abi = if p.isPower && lib.strings.hasPrefix "gnuabielfv" p.parsed.abi.name then "gnu" else p.parsed.abi.name;
      inferred =
        if p.isWasi then
          "${targetCpu}-wasip1"
        else
          "${targetCpu}-${platform.vendor}-${p.parsed.kernel.name}${optionalString (abi != "unknown") "-${abi}"}";
    in
    given
    // rec {
      inherit platform;
      rustcTargetSpec =
        given.rustcTargetSpec or args.rustc.config or (
          if given ? platform then
            builtins.toFile "${given.rustcTarget or inferred}.json" (builtins.toJSON given.platform)
          else
            given.rustcTarget or inferred
        );
      cargoShortTarget = lib.strings.removeSuffix ".json" (baseNameOf "${rustcTargetSpec}");
      rustcTarget = given.rustcTarget or cargoShortTarget;
      cargoEnvVarTarget = builtins.replaceStrings [ "-" ] [ "_" ] (lib.strings.toUpper cargoShortTarget);
      isNoStdTarget = builtins.any (part: lib.strings.hasInfix part rustcTarget) [ "-none" "nvptx" "switch" "-uefi" ];
    };

  goArch = {
    aarch64 = "arm64";
    arm = "arm";
    armv5tel = "arm";
    armv6l = "arm";
    armv7l = "arm";
    i686 = "386";
    loongarch64 = "loong64";
    mips = "mips";
    mips64el = "mips64le";
    mipsel = "mipsle";
    powerpc64 = "ppc64";
    powerpc64le = "ppc64le";
    riscv64 = "riscv64";
    s390x = "s390x";
    x86_64 = "amd64";
    wasm32 = "wasm";
  };

  go =
    p:
    let
      version = p.parsed.cpu.version or "";
    in
    {
      GOARCH = goArch.${p.parsed.cpu.name} or null;
      GOOS = if p.isWasi then "wasip1" else p.parsed.kernel.name;
      GOARM = if elem version [ "5" "6" "7" ] then version else "";
    };

  node = p: {
    arch = choose [
      p.isAarch "arm${optionalString p.is64bit "64"}"
      p.isMips32 "mips${optionalString p.isLittleEndian "el"}"
      (p.isMips64 && p.isLittleEndian) "mips64el"
      p.isPower "ppc${optionalString p.is64bit "64"}"
      p.isx86_64 "x64"
      p.isx86_32 "ia32"
      p.isS390x "s390x"
      p.isRiscV64 "riscv64"
      p.isLoongArch64 "loong64"
      null
    ];
    platform = choose [
      p.isAndroid "android"
      p.isDarwin "darwin"
      p.isFreeBSD "freebsd"
      p.isLinux "linux"
      p.isOpenBSD "openbsd"
      p.isSunOS "sunos"
      (p.isWindows || p.isCygwin) "win32"
      null
    ];
  };

  nim = p: {
    cpu = choose [
      p.isAarch32 "arm"
      p.isAarch64 "arm64"
      p.isAlpha "alpha"
      p.isAvr "avr"
      p.isMips32 "mips"
      p.isMips64 "mips64"
      p.isMsp430 "msp430"
      p.isPower64 "powerpc64"
      p.isPower "powerpc"
      p.isRiscV64 "riscv64"
      p.isSparc "sparc"
      p.isx86_32 "i386"
      p.isx86_64 "amd64"
      null
    ];
    os = choose [
      p.isAndroid "Android"
      p.isiOS "iOS"
      p.isDarwin "MacOSX"
      p.isFreeBSD "FreeBSD"
      p.isGenode "Genode"
      p.isLinux "Linux"
      p.isNetBSD "NetBSD"
      p.isNone "Standalone"
      p.isOpenBSD "OpenBSD"
      p.isWindows "Windows"
      null
    ];
  };
in
{
  __functor = _self: p: args: {
    libc = libcOf p;
    linker = choose [
      (p.useLLVM or false) "lld"
      p.isDarwin "cctools"
      "bfd"
    ];
    libDir = if !p.isLinux then null else if p.isx86_64 || p.isMips64 || p.isPower64 then "lib64" else "lib";
    useLLVM = p.isFreeBSD || p.isOpenBSD;
    isStatic = p.isWasi || p.isRedox;
    hasSharedLibraries = hasSharedLibraries p;
    extensions = extensions p;

    gcc = args.gcc or ((lib.systems.platforms.select p).gcc or { });
    rustc = args.rustc or { };

    uname = {
      system =
        {
          linux = "Linux";
          windows = "Windows";
          cygwin = "CYGWIN_NT";
          darwin = "Darwin";
          netbsd = "NetBSD";
          freebsd = "FreeBSD";
          openbsd = "OpenBSD";
          wasi = "Wasi";
          redox = "Redox";
          genode = "Genode";
        }
        .${p.parsed.kernel.name} or null;
      processor = unameProcessor p;
      release = null;
    };

    linuxArch = linuxArch p;
    # The boot loader has a name of its own for 32-bit x86, and tells the MIPS sizes apart.
    ubootArch = choose [
      p.isx86_32 "x86"
      p.isMips64 "mips64"
      p.linuxArch
    ];
    qemuArch = qemuArch p;
    efiArch = efiArch p;

    darwinArch = lib.systems.parse.darwinArch p.parsed.cpu;
    darwinPlatform = choose [
      p.isMacOS "macos"
      p.isiOS "ios"
      null
    ];
    darwinSdkVersion = p.sdkVer or "14.4";
    darwinMinVersion = "14.0";
    darwinMinVersionVariable = choose [
      p.isMacOS "MACOSX_DEPLOYMENT_TARGET"
      p.isiOS "IPHONEOS_DEPLOYMENT_TARGET"
      null
    ];

    androidSdkVersion = args.androidSdkVersion or null;
    androidNdkVersion = args.androidNdkVersion or null;
    useAndroidPrebuilt = false;
    useiOSPrebuilt = false;
  };

  # Laid over what the user has given, because it completes that.
  forLanguages = p: args: {
    rust = rust p args;
    go = go p // args.go or { };
    node = node p // args.node or { };
    nim = nim p // args.nim or { };
  };
}
