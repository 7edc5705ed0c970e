# Kinds of one CPU (`gcc.arch`): which instructions they have beyond the common ones.
{ lib }:

let
  inherit (builtins) all elem mapAttrs;

  v2 = [ "sse3" "ssse3" "sse4_1" "sse4_2" ];
  v3 = v2 ++ [ "avx" "avx2" "fma" ];
  aes = [ "aes" ];
  avx512 = [ "avx512" ];
  amd = v2 ++ aes ++ [ "avx" "fma" "fma4" ];
in
rec {
  /** Features by kind of CPU, as /proc/cpuinfo names them. */
  features = {
    default = [ ];
    x86-64 = [ ];
    x86-64-v2 = v2;
    x86-64-v3 = v3;
    x86-64-v4 = v3 ++ avx512;

    nehalem = v2;
    westmere = v2;
    silvermont = v2;
    sandybridge = v2 ++ aes ++ [ "avx" ];
    ivybridge = v2 ++ aes ++ [ "avx" ];
    haswell = v3 ++ aes;
    broadwell = v3 ++ aes;
    skylake = v3 ++ aes;
    alderlake = v3 ++ aes;
    skylake-avx512 = v3 ++ aes ++ avx512;
    cannonlake = v3 ++ aes ++ avx512;
    icelake-client = v3 ++ aes ++ avx512;
    icelake-server = v3 ++ aes ++ avx512;
    cascadelake = v3 ++ aes ++ avx512;
    cooperlake = v3 ++ aes ++ avx512;
    tigerlake = v3 ++ aes ++ avx512;
    sapphirerapids = v3 ++ aes ++ avx512;
    rocketlake = v3 ++ aes ++ avx512;

    btver1 = [ "sse3" "ssse3" "sse4_1" "sse4_2" ];
    btver2 = v2 ++ aes ++ [ "avx" ];
    bdver1 = amd;
    bdver2 = amd;
    bdver3 = amd;
    bdver4 = amd ++ [ "avx2" ];
    znver1 = v3 ++ aes;
    znver2 = v3 ++ aes;
    znver3 = v3 ++ aes;
    znver4 = v3 ++ aes ++ avx512;
    znver5 = v3 ++ aes ++ avx512;

    loongson2f = [ ];
    "la64v1.0" = [ ];
    "la64v1.1" = [ ];
  };

  /** Whether programs for the second kind run on the first: it has all of its features. */
  canExecute =
    by: of:
    by == of || (features ? ${by} && features ? ${of} && all (feature: elem feature features.${by}) features.${of});

  /** Questions about the features of a kind. */
  predicates =
    mapAttrs
      (
        _: feature: arch:
        elem feature (features.${arch} or [ ])
      )
      {
        sse3Support = "sse3";
        ssse3Support = "ssse3";
        sse4_1Support = "sse4_1";
        sse4_2Support = "sse4_2";
        avxSupport = "avx";
        avx2Support = "avx2";
        avx512Support = "avx512";
        aesSupport = "aes";
        fmaSupport = "fma";
        fma4Support = "fma4";
      }
    // {
      sse4_aSupport = arch: elem "sse4a" (features.${arch} or [ ]);
    };
}
