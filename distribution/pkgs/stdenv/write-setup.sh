# Builder of the standard environment's `setup`; runs under busybox sh.
set -eu
"$busybox" mkdir -p "$out/nix-support"
{
  printf '%s\n' "$header"
  for part in $parts; do
    "$busybox" cat "$part"
  done
  printf '%s\n' "$extraSetup"
} >"$out/setup"
