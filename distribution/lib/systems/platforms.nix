# Settings for compilers by machine.
{ lib }:

rec {
  armv5tel-multiplatform.gcc.arch = "armv5te";
  raspberrypi.gcc = {
    arch = "armv6kz";
    fpu = "vfpv2";
  };
  raspberrypi2 = armv7l-hf-multiplatform;
  armv7l-hf-multiplatform.gcc = {
    arch = "armv7-a";
    fpu = "vfpv3-d16";
  };
  aarch64-multiplatform.gcc.arch = "armv8-a";
  mips32r2-multiplatform.gcc = {
    arch = "mips32r2";
    abi = "32";
  };
  mips64r2-n32-multiplatform.gcc = {
    arch = "mips64r2";
    abi = "n32";
  };
  mips64r2-multiplatform.gcc = {
    arch = "mips64r2";
    abi = "64";
  };
  loongarch64-multiplatform.gcc = {
    arch = "la64v1.0";
    strict-align = false;
    cmodel = "medium";
  };

  /** Settings for an elaborated platform that says nothing itself. */
  select =
    platform:
    let
      version = platform.parsed.cpu.version or null;
    in
    if platform.isAarch64 then
      if platform.isDarwin then { } else aarch64-multiplatform
    else if platform.isAarch32 && version != null then
      if version == "5" then
        armv5tel-multiplatform
      else if version == "6" then
        raspberrypi
      else
        armv7l-hf-multiplatform
    else if platform.isLoongArch64 then
      loongarch64-multiplatform
    else if platform.parsed.cpu.name == "mipsel" then
      mips32r2-multiplatform
    else
      { };
}
