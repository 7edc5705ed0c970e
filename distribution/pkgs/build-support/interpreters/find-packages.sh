# The packages of $packages and all that these need, nearest first, in the array `all`. Relocated packages say their
# needs in nix-support/debian/deps, built ones in nix-support/propagated-build-inputs.
all=($packages)
declare -A seen=()
for package in "${all[@]}"; do seen[$package]=1; done
for ((i = 0; i < ${#all[@]}; i++)); do
  for list in "${all[i]}"/nix-support/{debian/deps,propagated-build-inputs}; do
    [ -e "$list" ] || continue
    for package in $(<"$list"); do
      [ -z "${seen[$package]-}" ] || continue
      seen[$package]=1
      all+=("$package")
    done
  done
done

# Links the programs of the chosen packages into $out/bin; those that are there already stay.
link_programs() {
  local package program
  for package in $packages; do
    for program in "$package"/bin/*; do
      [ -e "$program" ] && [ ! -e "$out/bin/${program##*/}" ] || continue
      ln -s "$program" "$out/bin/"
    done
  done
}
