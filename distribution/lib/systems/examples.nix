# Platforms by the names that cross compilation uses: `pkgsCross.aarch64-multiplatform`.
{ lib }:

let
  inherit (lib.systems) platforms;

  linux = cpu: abi: { config = "${cpu}-unknown-linux-${abi}"; };
  bare = config: {
    inherit config;
    libc = "newlib";
  };
  llvm = config: {
    inherit config;
    useLLVM = true;
  };
in
rec {
  gnu64 = linux "x86_64" "gnu";
  gnu32 = linux "i686" "gnu";
  musl64 = linux "x86_64" "musl";
  musl32 = linux "i686" "musl";

  aarch64-multiplatform = linux "aarch64" "gnu";
  aarch64-multiplatform-musl = linux "aarch64" "musl";
  armv7l-hf-multiplatform = linux "armv7l" "gnueabihf";
  armv5tel-multiplatform = linux "armv5tel" "gnueabi";
  raspberryPi = linux "armv6l" "gnueabihf" // platforms.raspberrypi;
  muslpi = linux "armv6l" "musleabihf" // platforms.raspberrypi;

  riscv64 = linux "riscv64" "gnu";
  riscv32 = linux "riscv32" "gnu";
  riscv64-musl = linux "riscv64" "musl";
  loongarch64-linux = linux "loongarch64" "gnu" // platforms.loongarch64-multiplatform;
  s390 = linux "s390" "gnu";
  s390x = linux "s390x" "gnu";
  m68k = linux "m68k" "gnu";
  arc = linux "arc" "gnu";
  sh4 = linux "sh4" "gnu";

  powernv = linux "powerpc64le" "gnu";
  musl-power = linux "powerpc64le" "musl";
  ppc64 = ppc64-elfv2;
  ppc64-elfv1 = linux "powerpc64" "gnuabielfv1";
  ppc64-elfv2 = linux "powerpc64" "gnuabielfv2";
  ppc64-musl = linux "powerpc64" "musl" // { gcc.abi = "elfv2"; };
  ppc32 = linux "powerpc" "gnu";

  mips-linux-gnu = linux "mips" "gnu" // platforms.mips32r2-multiplatform;
  mipsel-linux-gnu = linux "mipsel" "gnu" // platforms.mips32r2-multiplatform;
  mips64-linux-gnuabin32 = linux "mips64" "gnuabin32" // platforms.mips64r2-n32-multiplatform;
  mips64el-linux-gnuabin32 = linux "mips64el" "gnuabin32" // platforms.mips64r2-n32-multiplatform;
  mips64-linux-gnuabi64 = linux "mips64" "gnuabi64" // platforms.mips64r2-multiplatform;
  mips64el-linux-gnuabi64 = linux "mips64el" "gnuabi64" // platforms.mips64r2-multiplatform;

  arm-embedded = bare "arm-none-eabi";
  armhf-embedded = bare "arm-none-eabihf" // {
    gcc = {
      arch = "armv5t";
      fpu = "vfp";
    };
  };
  aarch64-embedded = bare "aarch64-none-elf";
  aarch64be-embedded = bare "aarch64_be-none-elf";
  i686-embedded = bare "i686-elf";
  x86_64-embedded = bare "x86_64-elf";
  ppc-embedded = bare "powerpc-none-eabi";
  ppcle-embedded = bare "powerpcle-none-eabi";
  riscv64-embedded = bare "riscv64-none-elf";
  riscv32-embedded = bare "riscv32-none-elf";
  mips64-embedded = bare "mips64-none-elf";
  mips-embedded = bare "mips-none-elf";
  microblaze-embedded = bare "microblazeel-none-elf";
  rx-embedded = bare "rx-none-elf";
  msp430 = bare "msp430-elf";
  or1k = bare "or1k-elf";
  vc4 = bare "vc4-elf";
  mmix = bare "mmix-unknown-mmixware";
  avr.config = "avr";

  aarch64-darwin.config = "arm64-apple-darwin";
  x86_64-darwin.config = "x86_64-apple-darwin";
  x86_64-freebsd = llvm "x86_64-unknown-freebsd";
  aarch64-freebsd = llvm "aarch64-unknown-freebsd";
  x86_64-openbsd = llvm "x86_64-unknown-openbsd";
  x86_64-netbsd.config = "x86_64-unknown-netbsd";
  x86_64-windows = llvm "x86_64-pc-windows-msvc";
  aarch64-windows = llvm "aarch64-pc-windows-msvc";
  x86_64-cygwin.config = "x86_64-pc-cygwin";
  mingw32 = {
    config = "i686-w64-mingw32";
    libc = "msvcrt";
  };
  mingwW64 = {
    config = "x86_64-w64-mingw32";
    libc = "msvcrt";
  };
  ucrt64 = {
    config = "x86_64-w64-mingw32";
    libc = "ucrt";
  };
  wasi32 = llvm "wasm32-unknown-wasi";
  ghcjs.config = "javascript-unknown-ghcjs";
  x86_64-unknown-uefi = llvm "x86_64-unknown-uefi" // {
    libc = null;
    linker = "lld";
  };
}
