# Inputs: the packages that a build uses, found transitively, each shown to the tools that look for it.

# Lists of hooks that see every input: addEnvHooks OFFSET FUNCTION. The offset (build or host platform) makes no
# difference here, since packages are never built for another machine.
declare -a envHooks=()

addEnvHooks() {
  shift
  envHooks+=("$@")
}

declare -a allInputs=()
declare -A _seenInputs=()

# Notes an input and what it hands on. A plain file is a setup hook.
findInput() {
  local input=$1
  [ -n "$input" ] || return 0
  [ -z "${_seenInputs[$input]-}" ] || return 0
  _seenInputs[$input]=1
  [ -e "$input" ] || fail "the input '$input' does not exist"
  if [ -f "$input" ]; then
    source "$input"
    return 0
  fi
  local name propagated
  for name in propagated-build-inputs propagated-native-build-inputs propagated-user-env-packages; do
    [ "$name" != propagated-user-env-packages ] || continue
    if [ -f "$input/nix-support/$name" ]; then
      for propagated in $(<"$input/nix-support/$name"); do
        findInput "$propagated"
      done
    fi
  done
  _findDebianInputs "$input"
  allInputs+=("$input")
  addToSearchPath _PATH "$input/bin"
  addToSearchPath _PATH "$input/sbin"
  if [ -f "$input/nix-support/setup-hook" ]; then
    source "$input/nix-support/setup-hook"
  fi
}

# Debian's development packages need the headers and libraries of those that they depend on.
_findDebianInputs() {
  local input=$1 dependency
  [ -f "$input/nix-support/debian/deps" ] || return 0
  [ -d "$input/include" ] || [ -d "$input/lib/$triplet/pkgconfig" ] || [ -d "$input/share/pkgconfig" ] || return 0
  while read -r dependency; do
    if [ -d "$dependency/include" ] || [ -d "$dependency/lib/$triplet/pkgconfig" ] || [ -d "$dependency/share/pkgconfig" ]; then
      findInput "$dependency"
    fi
  done <"$input/nix-support/debian/deps"
}

# What every build gets from an input.
_showInput() {
  local dir=$1
  if [ -d "$dir/include" ] && [[ ${compilerIncludes-} != *" $dir/include "* ]]; then
    NIX_CFLAGS_COMPILE+=" -isystem $dir/include"
    [ ! -d "$dir/include/$triplet" ] || NIX_CFLAGS_COMPILE+=" -isystem $dir/include/$triplet"
  fi
  local lib
  for lib in lib lib64 "lib/$triplet"; do
    if [ -d "$dir/$lib" ] && [ ! -L "$dir/$lib" ]; then
      local -a libraries=("$dir/$lib"/lib*.so "$dir/$lib"/lib*.a "$dir/$lib"/lib*.so.*)
      [ "${#libraries[@]}" = 0 ] || NIX_LDFLAGS+=" -L$dir/$lib"
    fi
    addToSearchPath PKG_CONFIG_PATH "$dir/$lib/pkgconfig"
  done
  addToSearchPath PKG_CONFIG_PATH "$dir/share/pkgconfig"
  addToSearchPath ACLOCAL_PATH "$dir/share/aclocal"
  addToSearchPath CMAKE_PREFIX_PATH "$dir"
  addToSearchPath XDG_DATA_DIRS "$dir/share"
  addToSearchPath PERL5LIB "$dir/share/perl5"
  addToSearchPath PERL5LIB "$dir/lib/perl5/site_perl"
}

_initializeInputs() {
  export NIX_CFLAGS_COMPILE=${NIX_CFLAGS_COMPILE-} NIX_LDFLAGS=${NIX_LDFLAGS-}
  local -a words=()
  concatTo words depsBuildBuild nativeBuildInputs depsBuildTarget depsHostHost buildInputs depsTargetTarget \
    depsBuildBuildPropagated propagatedNativeBuildInputs depsBuildTargetPropagated depsHostHostPropagated \
    propagatedBuildInputs depsTargetTargetPropagated
  if [ "${doCheck-}" = 1 ]; then concatTo words nativeCheckInputs checkInputs; fi
  if [ "${doInstallCheck-}" = 1 ]; then concatTo words nativeInstallCheckInputs installCheckInputs; fi
  local input hook
  _PATH=
  for input in "${words[@]}" $defaultNativeBuildInputs; do
    findInput "$input"
  done
  for input in "${allInputs[@]}"; do
    _showInput "$input"
    for hook in "${envHooks[@]}"; do
      "$hook" "$input"
    done
  done
  local tools=
  for input in $initialPath; do
    tools+="${tools:+:}$input/bin"
  done
  export PATH="${_PATH:+$_PATH:}$tools${PATH:+:$PATH}"
}

# What an output hands on to those who use it.
recordPropagatedDependencies() {
  local -a build=() native=()
  concatTo build propagatedBuildInputs depsHostHostPropagated
  concatTo native propagatedNativeBuildInputs
  local dir=${!outputDev}
  if [ "${#build[@]}" != 0 ]; then
    mkdir -p "$dir/nix-support"
    printf '%s ' "${build[@]}" >"$dir/nix-support/propagated-build-inputs"
  fi
  if [ "${#native[@]}" != 0 ]; then
    mkdir -p "$dir/nix-support"
    printf '%s ' "${native[@]}" >"$dir/nix-support/propagated-native-build-inputs"
  fi
  if [ -n "${setupHook-}" ]; then
    mkdir -p "$dir/nix-support"
    substituteAll "$setupHook" "$dir/nix-support/setup-hook"
  fi
  if [ -n "${setupHooks-}" ]; then
    mkdir -p "$dir/nix-support"
    cat $setupHooks >"$dir/nix-support/setup-hook"
  fi
  if [ -n "${propagatedUserEnvPkgs-}" ]; then
    mkdir -p "${!outputBin}/nix-support"
    printf '%s ' $propagatedUserEnvPkgs >"${!outputBin}/nix-support/propagated-user-env-packages"
  fi
}
