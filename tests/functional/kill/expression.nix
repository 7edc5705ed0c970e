# What `kill.test.ts` builds: downloads from BASE, builds of them, and one large output at the end. Everything is new in
# every ROUND.
{ round, base }:
let
  system = builtins.currentSystem;
  contentsOf =
    name:
    builtins.concatStringsSep "" (builtins.genList (i: "${round}/${name} ${toString i}\n") 2000);
  fetch =
    name:
    derivation {
      inherit name;
      builder = "builtin:fetchurl";
      system = "builtin";
      url = "${base}/${round}/${name}";
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = builtins.hashString "sha256" (contentsOf name);
    };
  build =
    name: script:
    derivation {
      inherit name system;
      builder = "/bin/sh";
      args = [
        "-e"
        "-c"
        script
      ];
    };
  part =
    name:
    build "part-${name}" ''
      echo building ${name}
      mkdir $out
      for i in $(seq 1 10); do cp ${fetch "file-${name}"} $out/$i; sleep 0.02; done
    '';
in
build "whole" ''
  mkdir $out
  for i in $(seq 1 600); do echo "${round} $i" > $out/$i; done
  echo ${toString (map part [ "a" "b" "c" "d" ])} > $out/parts
  echo registering
''
