/* The packages at the top of the set, under nixpkgs' names.

   names/ says which packages of the archive they are. A name of several is one tree of links. A library is the package
   with its shared objects (or its programs), and has the development package as `dev`, which is what builds use. */
{ lib, archive }:

self: _super:

let

  inherit (archive) get find index;

  join = name: packages: self.symlinkJoin {
    name = "${name}-${lib.removePrefix "${(lib.head packages).pname}-" (lib.head packages).name}";
    paths = packages;
    meta = { inherit ((lib.head packages).meta) description platforms; };
    passthru = {
      pname = name;
      inherit (lib.head packages) version;
      # Modules walk the archive's dependencies.
      depends = packages;
    };
  };

  # A metapackage has no files: it stands for what it depends on.
  resolve = name: if lib.hasPrefix "+" name then [ (get (lib.removePrefix "+" name)) ] ++ (get (lib.removePrefix "+" name)).depends else [ (get name) ];

  program = name: package:
    if lib.isString package && !lib.hasPrefix "+" package then get package
    else join name (lib.concatMap resolve (lib.toList package));

  programs = lib.mapAttrs program;

  sourceOf = name: let entry = index.entry name; in if entry == null then name else entry.source or name;

  # What a development package is for: the dependencies from the same source that are not for development.
  runtimeOf = devName:
    let
      entry = index.entry devName;
      isRuntime = name: sourceOf name == sourceOf devName && !lib.hasSuffix "-dev" name && !lib.hasSuffix "-bin" name;
    in
    if entry == null then [ ] else lib.filter isRuntime entry.depends;

  withDev = main: devName:
    main // rec {
      dev = get devName // { outputSpecified = true; outputName = "dev"; };
      out = main;
      bin = main;
      lib = get (builtins.head (runtimeOf devName ++ [ devName ]));
    };

  library = name: spec:
    let
      devName = if lib.isList spec then lib.head spec else spec;
      runtime = runtimeOf devName;
    in
    if lib.isList spec then withDev (get (lib.elemAt spec 1)) devName
    else withDev (get (if runtime == [ ] then devName else lib.head runtime)) devName;

  libraries = lib.mapAttrs library;

  xorgNames = import ./names/xorg.nix;

  # All packages whose Debian names match a pattern, by the part that its first group stands for.
  family = pattern:
    lib.listToAttrs (lib.concatMap (name:
      let matched = builtins.match pattern name;
      in lib.optional (matched != null) (lib.nameValuePair (lib.head matched) (find name))
    ) index.names);

  interpreters = import ../build-support/interpreters { inherit lib; inherit (self) runCommand bash; };

  # Versions of a program that the archive has side by side: "postgresql-17" as postgresql_17.
  versions = attribute: prefix: metaPackage:
    let
      entry = index.entry metaPackage;
      names = lib.filter (name: builtins.match "${prefix}[0-9.]+" name != null) (if entry == null then [ ] else entry.depends);
    in
    lib.listToAttrs (map (name:
      lib.nameValuePair "${attribute}${lib.replaceStrings [ "." ] [ "_" ] (lib.removePrefix prefix name)}" (get name)
    ) names);

  # The versioned package that a metapackage stands for.
  behind = metaPackage: pattern:
    let
      entry = index.entry metaPackage;
      names = lib.filter (name: builtins.match pattern name != null) (if entry == null then [ ] else entry.depends);
    in
    if names == [ ] then throw "the channel has no package '${metaPackage}' that says which version is the default" else get (lib.head names);

in
programs (import ./names/base.nix // import ./names/networking.nix // import ./names/servers.nix
  // import ./names/development.nix // import ./names/desktop.nix)
// libraries (import ./names/libraries.nix)
// lib.mapAttrs (_name: programs) (import ./names/desktops.nix)
// versions "postgresql_" "postgresql-" "postgresql"
// {
  xorg = programs xorgNames.programs // libraries xorgNames.libraries;

  postgresql = behind "postgresql" "postgresql-[0-9]+";
  php = behind "php-cli" "php[0-9.]+-cli";
  jdk = behind "default-jdk" "openjdk-[0-9]+-jdk";
  jdk_headless = behind "default-jdk-headless" "openjdk-[0-9]+-jdk-headless";
  jre = behind "default-jre" "openjdk-[0-9]+-jre";
  jre_headless = behind "default-jre-headless" "openjdk-[0-9]+-jre-headless";
  openjdk = self.jdk;

  # Firn itself inside machines; a channel tree without it has C++ Nix from the archive.
  firn = import ../../nixos/lib/firn-package.nix { inherit lib; pkgs = self; };
  nix = if self.firn != null then self.firn else get "nix-bin";
  nix_cpp = get "nix-bin";

  systemd = self.debianPackage "systemd" // { udev = self.udev; };

  # The archive's certificates become a bundle when it is installed; here they do when they are built.
  cacert = self.runCommand "ca-bundle-${(get "ca-certificates").version}" {
    certificates = get "ca-certificates";
    preferLocalBuild = true;
    meta.description = "Certificates of public authorities";
    passthru.unbundled = get "ca-certificates";
  } ''
    mkdir -p $out/etc/ssl/certs
    find $certificates/share/ca-certificates -name '*.crt' | LC_ALL=C sort | xargs cat > $out/etc/ssl/certs/ca-bundle.crt
    ln -s ca-bundle.crt $out/etc/ssl/certs/ca-certificates.crt
  '';

  grub2 = join "grub-pc" (map get [ "grub-pc-bin" "grub-common" "grub2-common" ]);
  grub = self.grub2;
  grub2_efi = join "grub-efi" (map get [ "grub-efi-${archive.channel.architecture}-bin" "grub-common" "grub2-common" ]);
  grub2_full = self.grub2;

  firmwareLinuxFree = get "firmware-linux-free";

  hello = self.callPackage ../applications/hello.nix { };

  fromDebianSource = import ../build-support/debian-source.nix { inherit lib archive; };

  # Interpreters with `withPackages`.
  python3 = interpreters.pythonWith (get "python3") self.python3Packages;
  python = self.python3;
  perl = interpreters.perlWith (get "perl") self.perlPackages;
  perl5 = self.perl;

  python3Packages = family "python3-(.*)" // { python = self.python3; };
  pythonPackages = self.python3Packages;
  perlPackages = family "lib(.*)-perl" // lib.mapAttrs (_module: get) (import ./names/perl.nix) // { perl = self.perl; };
  rubyPackages = family "ruby-(.*)";
  nodePackages = family "node-(.*)";
  haskellPackages = family "libghc-(.*)-dev" // { inherit (self) ghc; };
  ocamlPackages = family "lib(.*)-ocaml-dev";
  rPackages = family "r-cran-(.*)";
  emacsPackages = family "elpa-(.*)";
  vimPlugins = family "vim-(.*)";
  aspellDicts = family "aspell-(.*)";
  hunspellDicts = family "hunspell-(.*)";
  luaPackages = family "lua-(.*)";
  phpPackages = family "php-(.*)";
  fontsPackages = family "fonts-(.*)";
}
