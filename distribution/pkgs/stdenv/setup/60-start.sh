# What happens when the file is read: variables that builds rely on, then the inputs.

# Attributes of a structured derivation come as a file of declarations.
if [ -e "${NIX_ATTRS_SH_FILE:-.attrs.sh}" ]; then
  source "${NIX_ATTRS_SH_FILE:-.attrs.sh}"
  __structuredAttrs=1
  for _name in "${!outputs[@]}"; do
    export "$_name=${outputs[$_name]}"
  done
  for _name in "${!env[@]}"; do
    export "$_name=${env[$_name]}"
  done
fi

# Builds are not to depend on the time or the user.
: "${SOURCE_DATE_EPOCH:=315532800}"
export SOURCE_DATE_EPOCH
export NIX_BUILD_CORES=${NIX_BUILD_CORES:-1}
if [ "$NIX_BUILD_CORES" -le 0 ]; then NIX_BUILD_CORES=$(nproc); fi
export NIX_STORE=${NIX_STORE:-/nix/store}
export TZ=UTC
export SHELL=$shell CONFIG_SHELL=$shell
if [ "${NIX_BUILD_TOP:+set}" = set ]; then
  export TMPDIR=$NIX_BUILD_TOP TEMPDIR=$NIX_BUILD_TOP TMP=$NIX_BUILD_TOP TEMP=$NIX_BUILD_TOP
fi
if [ "${PATH-}" = /path-not-set ]; then PATH=; fi
if [ "${HOME-}" = "" ]; then export HOME=/homeless-shelter; fi

# Which output gets which kind of file: an output of the usual name, else the first.
_outputFor() {
  local name=$1 candidate
  shift
  if [ -n "${!name-}" ]; then return 0; fi
  for candidate in "$@"; do
    if [ -n "${!candidate-}" ] && [[ " $(getAllOutputNames) " == *" $candidate "* ]]; then
      declare -g "$name=$candidate"
      return 0
    fi
  done
}
_names=($(getAllOutputNames))
_outputFor outputDev dev out "${_names[0]}"
_outputFor outputBin bin out "${_names[0]}"
_outputFor outputLib lib out "${_names[0]}"
_outputFor outputInclude "$outputDev"
_outputFor outputMan man "$outputBin"
_outputFor outputDoc doc out "${_names[0]}"
if [ -z "${prefix-}" ]; then
  if [ -n "${out-}" ]; then prefix=$out; else prefix=${!_names[0]-}; fi
fi
export prefix

runHook preHook
_initializeInputs
unset _name _names

# Text patterns that configure scripts of C programs may run into in any directory.
if [ -z "${NIX_ENFORCE_PURITY+set}" ]; then export NIX_ENFORCE_PURITY=1; fi

runHook postHook
