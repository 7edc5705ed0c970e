# What `full-disk.test.ts` builds: something small, a large output, and a large download from BASE. New in every ROUND.
{
  round ? "0",
  base ? "",
}:
let
  build =
    name: script:
    derivation {
      name = "${name}-${round}";
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [
        "-e"
        "-c"
        script
      ];
    };
  text = builtins.toFile "text-${round}" (
    builtins.concatStringsSep "\n" (builtins.genList (i: "${round} ${toString i}") 2000)
  );
in
{
  small = build "small" "mkdir $out; cp ${text} $out/text; for i in $(seq 1 40); do echo $i > $out/$i; done";
  large = build "large" "dd if=/dev/zero of=$out bs=1048576 count=100";
  download = derivation {
    name = "download";
    builder = "builtin:fetchurl";
    system = "builtin";
    url = "${base}/large";
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = "0000000000000000000000000000000000000000000000000000000000000000";
  };
}
