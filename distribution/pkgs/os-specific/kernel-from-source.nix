/* A kernel with another configuration than the archive's, compiled from the archive's source of it.

   `base`: the archive's kernel; its configuration is the beginning. `extraConfig`: lines "NAME VALUE" without
   "CONFIG_", the value y, n, m, a number or a text. A setting that the kernel's own rules do not allow is an error. Compiling
   takes an hour or more on a fast machine; `configfile` alone takes a minute. */
{ lib, stdenv, archive, fromDebianSource, flex, bison, bc, perl, python3, kmod, xz, base, extraConfig }:

let

  source = fromDebianSource "linux";

  debianFile = lib.findFirst (name: lib.hasSuffix ".debian.tar.xz" name)
    (throw "the source package 'linux' has no file '*.debian.tar.xz'") (lib.attrNames source.fetchFiles);

  release = "${source.version}-custom";

  common = {
    version = source.version;
    src = source.orig;
    debian = source.fetchFiles.${debianFile};
    nativeBuildInputs = [ flex bison bc perl python3 kmod xz ];
    buildInputs = map archive.get [ "libelf-dev" "libssl-dev" "zlib1g-dev" ];
    baseConfig = "${base}/config";
    settings = extraConfig;
    passAsFile = [ "settings" ];
    prePatch = ''
      tar -xf "$debian"
      while IFS= read -r name; do
        case $name in "" | \#*) continue ;; esac
        patch -s -p1 < "debian/patches/$name"
      done < debian/patches/series
      patchShebangs scripts tools
    '';
    enableParallelBuilding = true;
    # The kernel decides by itself how its code is compiled.
    hardeningDisable = [ "all" ];
  };

  # Keys that only Debian has, and debugging data of several gigabytes.
  always = {
    LOCALVERSION = "\"-custom\"";
    LOCALVERSION_AUTO = "n";
    MODULE_SIG_ALL = "n";
    MODULE_SIG_KEY = "\"\"";
    SYSTEM_TRUSTED_KEYS = "\"\"";
    DEBUG_INFO_BTF = "n";
    DEBUG_INFO_NONE = "y";
  };

  configfile = stdenv.mkDerivation (common // {
    pname = "linux-config";
    configurePhase = "true";
    always = lib.concatStringsSep "\n" (lib.mapAttrsToList (name: value: "${name} ${value}") always);
    buildPhase = builtins.readFile ./kernel-config.sh;
    installPhase = "cp .config $out";
    dontFixup = true;
  });

in
stdenv.mkDerivation (common // {
  pname = "linux";
  inherit configfile;
  configurePhase = "cp $configfile .config; chmod u+w .config";
  buildFlags = [ "bzImage" "modules" ];
  makeFlags = [ "KBUILD_BUILD_USER=firn" "KBUILD_BUILD_HOST=firn" "KBUILD_BUILD_TIMESTAMP=1970-01-01" ];
  installPhase = ''
    mkdir -p $out/boot
    make modules_install INSTALL_MOD_PATH=$out INSTALL_MOD_STRIP=1
    rm -f $out/lib/modules/*/build $out/lib/modules/*/source
    cp "$(make -s image_name)" $out/boot/vmlinuz-${release}
    cp System.map $out/boot/System.map-${release}
    cp .config $out/boot/config-${release}
    ln -s boot/vmlinuz-${release} $out/bzImage
    ln -s boot/System.map-${release} $out/System.map
    ln -s boot/config-${release} $out/config
  '';
  dontStrip = true;
  dontPatchELF = true;
  passthru = {
    inherit configfile;
    inherit (base) isModular features config override;
    modDirVersion = release;
    kernelVersion = source.version;
    depends = [ ];
  };
  meta = {
    description = "Linux with a configuration of one's own";
    inherit (base.meta) platforms;
  };
})
