/**
  The test as derivations: the driver, with programs to run it by hand, and the test itself, which runs it in the sandbox.
*/
{
  config,
  lib,
  extendModules,
  ...
}:
let
  inherit (lib) mkOption types;
  pkgs = config.hostPkgs;
  d = pkgs.debianPackage;

  internal =
    description:
    mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      inherit description;
    };

  language = config.testScriptLanguage;

  scriptText =
    if lib.isFunction config.testScript then config.testScript { nodes = config.nodesCompat; } else config.testScript;

  extension = {
    python = "py";
    perl = "pl";
    typescript = "ts";
  };
  script = pkgs.writeText "test-script.${extension.${language}}" scriptText;

  firn =
    if pkgs.firn == null then
      throw "tests need the program of the channel, which this package set comes without: use a channel made by nix-channel"
    else
      pkgs.firn;

  interpreter = {
    python = [
      "${pkgs.python3}/bin/python3"
      "-u"
      "${./client.py}"
    ];
    perl = [
      "${pkgs.perl}/bin/perl"
      "${./client.pl}"
    ];
    typescript = null;
  };

  pythonPath = lib.makeSearchPath "lib/python3/dist-packages" (config.extraPythonPackages pkgs.python3Packages);

  variable = name: lib.stringAsChars (c: if builtins.match "[A-Za-z0-9_]" c == null then "_" else c) name;

  manifest = builtins.toJSON {
    inherit (config) name globalTimeout;
    inherit language;
    testScript = script;
    machines = lib.mapAttrsToList (name: node: {
      inherit name;
      script = "${node.system.build.vm}/bin/run-${node.system.name}-vm";
    }) config.nodes;
    vlans = lib.unique (lib.concatMap (node: node.virtualisation.vlans) (lib.attrValues config.nodes));
    interpreter = interpreter.${language};
    ocr =
      if config.enableOCR then
        {
          tesseract = "${d "tesseract-ocr"}/bin/tesseract";
          data = "${d "tesseract-ocr-eng"}/share/tesseract-ocr/5/tessdata";
        }
      else
        null;
  };

  # What a look at the script finds before any machine starts.
  lint = {
    python = ''
      PYFLAKES_BUILTINS=${
        lib.concatStringsSep "," (
          map variable (lib.attrNames config.nodes)
          ++ [
            "Machine"
            "MachineError"
            "RequestedAssertionFailed"
            "create_machine"
            "driver"
            "join_all"
            "log"
            "machine"
            "machines"
            "os"
            "polling_condition"
            "retry"
            "run_tests"
            "serial_stdout_off"
            "serial_stdout_on"
            "start_all"
            "subtest"
            "t"
            "test_script"
            "vlans"
          ]
        )
      } PYTHONPATH=${d "python3-pyflakes"}/lib/python3/dist-packages ${pkgs.python3}/bin/python3 -m pyflakes ${script} >&2
    '';
    perl = ''
      ${pkgs.perl}/bin/perl ${./client.pl} --check ${script} ${toString (map variable (lib.attrNames config.nodes))}
    '';
    typescript = ''
      ${firn}/bin/nixos-test-driver --manifest $out/test.json --check
    '';
  };

  launcher = pkgs.writeText "launcher.sh" (
    builtins.replaceStrings
      [
        "@path@"
        "@firn@"
        "@pythonPath@"
        "@arguments@"
        "@bubblewrap@"
        "@loader@"
        "@libraries@"
      ]
      [
        (lib.makeBinPath [
          pkgs.bash
          pkgs.coreutils
          pkgs.gnutar
          pkgs.gnused
          pkgs.gnugrep
        ])
        "${firn}"
        pythonPath
        (lib.escapeShellArgs config.extraDriverArgs)
        (baseNameOf (toString (d "bubblewrap")))
        (lib.removePrefix "${builtins.storeDir}/" pkgs.debianPlatform.loader)
        (lib.concatMapStringsSep " " (p: "${baseNameOf (toString p)}/lib/${pkgs.debianPlatform.triplet}") [
          (d "libc6")
          (d "libcap2")
          (d "libselinux1")
          (d "libpcre2-8-0")
        ])
      ]
      (builtins.readFile ./launcher.sh)
  );

  driver =
    pkgs.runCommand "nixos-test-driver-${config.name}"
      {
        preferLocalBuild = true;
        inherit manifest;
        passAsFile = [ "manifest" ];
        meta.mainProgram = "nixos-test-driver";
      }
      ''
        mkdir -p $out/bin
        cp "$manifestPath" $out/test.json
        ln -s ${script} $out/test-script
        sed "s|@out@|$out|g" ${launcher} > $out/bin/nixos-test-driver
        chmod +x $out/bin/nixos-test-driver
        ln -s nixos-test-driver $out/bin/nixos-run-vms
        ${lib.concatMapStrings (node: "ln -s ${node.system.build.vm}/bin/* $out/bin/\n") (lib.attrValues config.nodes)}
        ${lib.optionalString (!config.skipLint) lint.${language}}
      '';

  test = pkgs.runCommand "vm-test-run-${config.name}" {
    requiredSystemFeatures = [ "nixos-test" ];
    preferLocalBuild = true;
    allowSubstitutes = false;
    meta = config.meta;
    passthru = config.passthru // {
      inherit (config) driver driverInteractive nodes;
      inherit test config;
      inherit extendModules;
    };
  } ''
    mkdir -p $out
    ${config.driver}/bin/nixos-test-driver --test --output-directory $out
  '';
in
{
  options = {
    driver = internal "The driver of the test, with `bin/nixos-test-driver` and `bin/nixos-run-vms`.";
    driverInteractive = internal "The same with what `interactive` adds.";
    test = internal "The derivation that runs the test.";
  };

  config = {
    inherit driver test;
    driverInteractive = (extendModules { modules = [ config.interactive ]; }).config.driver;
  };
}
