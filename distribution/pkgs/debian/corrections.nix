/* What relocation alone does not get right, by package.

   `depends`: further packages whose libraries or programs it needs (names that the archive lacks are passed over, so
   that several releases can be named); `without`: dependencies that it does not need in the store (a name, or true
   for all); `optionalLibraries`: pattern of needed libraries that may be absent; `setup`: Perl code, run at the end
   in the relocated tree with the functions of relocate/Setup.pm. */
let

  # Libraries that are only opened when they are there (Debian recommends or suggests their packages).
  opened = {
    kmod = [ "liblzma5" "libzstd1" ];
    libkmod2 = [ "liblzma5" "libzstd1" ];
    libsystemd0 = [ "liblzma5" "liblz4-1" "libzstd1" ];
    libsystemd-shared = [
      "libkmod2" "libcryptsetup12" "libbpf1" "libidn2-0" "libfido2-1" "libpwquality1" "libp11-kit0" "libqrencode4"
      "libdw1t64" "libdw1" "libelf1t64" "libelf1" "libarchive13t64" "libarchive13" "liblzma5" "liblz4-1" "libzstd1"
      "libgcrypt20"
    ];
  };

  table = builtins.mapAttrs (_name: depends: { inherit depends; }) opened // {

    # Its dependency on libcom_err is not declared.
    libext2fs2t64.depends = [ "libcom-err2" ];
    libext2fs2.depends = [ "libcom-err2" ];

    # The program itself stays for scripts, which bring their own @INC.
    perl-base = {
      depends = [ "dash" ];
      setup = ''perl_program("$out/bin/perl");'';
    };
    perl = {
      depends = [ "dash" ];
      setup = ''perl_program($closure->find("bin/.perl-plain"));'';
    };

    ca-certificates.setup = "certificates();";

    # The machine's own certificates, where it has some, go before the archive's.
    python3-certifi.setup = ''
      my $bundle = $closure->find('etc/ssl/certs/ca-certificates.crt');
      edit('lib/python3/dist-packages/certifi/core.py', sub {
          s{^(\w+_CA_CERTS_PATH) = ('[^']+')$}{import os\n\n$1 = $2 if os.path.exists($2) else '$bundle'}m;
      });
    '';

    git = {
      depends = [ "dash" ];
      setup = ''
        wrap("bin/git", GIT_EXEC_PATH => "$out/lib/git-core", GIT_TEMPLATE_DIR => "$out/share/git-core/templates");
      '';
    };
  };

  # A kernel is data: the tools that Debian runs on it after its installation are the machine's business.
  kernelImage = {
    without = true;
    setup = "kernel();";
  };

  # Their device rules would make a circle with systemd, which opens these libraries.
  tpm.without = [ "tpm-udev" ];

  launched = setup: { depends = [ "dash" ]; inherit setup; };

  # Programs whose data are compiled in as /usr/share/... and that take an environment variable instead. The patterns
  # are tried in order, for names that the table does not have.
  patterns = [
    { pattern = "linux-image-[0-9].*"; correction = kernelImage; }
    { pattern = "libtss2-.*"; correction = tpm; }
    { pattern = "ruby[0-9.]+"; correction = launched "ruby();"; }
    {
      # The archive's time zones, behind the machine's.
      pattern = "libpython3[.][0-9]+-stdlib";
      correction.setup = ''
        my ($zones) = search_path('share/zoneinfo') =~ m{\A([^:]+)};
        for my $file (defined $zones ? glob("$out/lib/python3.*/_sysconfigdata_*.py") : ()) {
            edit($file =~ s{^\Q$out\E/}{}r, sub { s{('TZPATH': '[^']*)'}{$1:$zones'} unless /\Q$zones\E/ });
        }
      '';
    }
    # Debian's names of Java's programs are made when it is installed.
    { pattern = "openjdk-[0-9]+-(jre|jdk)(-headless)?"; correction.setup = ''link_programs(glob("$out/lib/jvm/*/bin"));''; }
    { pattern = "emacs-(gtk|nox|lucid|pgtk)"; correction = launched "emacs();"; }
    {
      pattern = "vim(-nox|-gtk3|-motif|-tiny)?";
      correction = launched ''
        my ($runtime) = search_path(map { "share/vim/$_" } map { m{([^/]+)\z} } map { glob("$_/share/vim/vim[0-9]*") } @{ $closure->all });
        wrap("bin/" . s{.*/}{}r, VIMRUNTIME => $runtime) for glob("$out/bin/vim.*");
      '';
    }
  ];

  matching = name: builtins.filter (rule: builtins.match rule.pattern name != null) patterns;

  # First letters of the names that patterns are for; spares the others the matching.
  mayMatch = name: builtins.elem (builtins.substring 0 3 name) [ "lin" "lib" "rub" "ope" "ema" "vim" ];

in
name:
if table ? ${name} then table.${name}
else if mayMatch name then
  let found = matching name; in if found == [ ] then { } else (builtins.head found).correction
else { }
