/* The compiler of the standard environment: GCC of the archive with scripts around it.

   GCC expects headers and start files below /usr. The scripts tell it where they are, add what NIX_CFLAGS_COMPILE and
   NIX_LDFLAGS say, and `ld` gives what it links the loader and the search path of the libraries that it used. */
{ lib, platform, bash, archive, runCommand }:

let

  inherit (archive) get;

  gcc = get "g++";
  binutils = get "binutils";
  libc = get "libc6";
  libcDev = get "libc6-dev";
  coreutils = get "coreutils";

  # Headers that libc6-dev needs from others.
  includes = map (package: "${package}/include") [ libcDev (get "libcrypt-dev") (get "linux-libc-dev") ];

  drv = runCommand "gcc-wrapper-${gcc.version}" {
    inherit (platform) triplet;
    inherit gcc binutils libc libcDev coreutils;
    inherit bash;
    includes = lib.concatMap (dir: [ dir "${dir}/${platform.triplet}" ]) includes;
    loader = "${libc}/${platform.loader}";
    ccScript = ./cc.sh;
    ldScript = ./ld.sh;
    preferLocalBuild = true;
    meta = {
      description = "GNU Compiler Collection for the standard environment";
      mainProgram = "gcc";
    };
    passthru = {
      cc = gcc;
      inherit libc binutils;
      bintools = binutils;
      isGNU = true;
      isClang = false;
      targetPrefix = "";
      lib = get "libstdc++6";
      inherit (gcc) version;
      pname = "gcc-wrapper";
    };
  } (builtins.readFile ./build.sh);

in
drv
