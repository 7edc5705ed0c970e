# Hooks: functions or variables with commands, by name ("preBuild") and by list ("preBuildHooks").

set -e -o pipefail
shopt -s nullglob inherit_errexit

# Prints its arguments; messages of the builder go to stderr with everything else.
message() { echo "$@" >&2; }

fail() {
  message "error: $*"
  exit 1
}

# Runs the hook NAME and those in NAMEHooks ("pre" and plain names: first the list).
runHook() {
  local name=$1 hook
  shift
  local list="${name}Hooks[@]"
  for hook in ${!list+"${!list}"}; do
    runOneHook "$hook" "$@"
  done
  runOptionalHook "$name" "$@"
}

# A function, or a variable that holds commands. Without either it fails.
runOneHook() {
  local name=$1
  shift
  if declare -F "$name" >/dev/null; then
    "$name" "$@"
  elif [ -f "$name" ]; then
    source "$name"
  elif [ -n "${!name+set}" ]; then
    eval "${!name}"
  else
    # An entry of a list may be the commands themselves.
    eval "$name"
  fi
}

runOptionalHook() {
  local name=$1
  if declare -F "$name" >/dev/null || [ -n "${!name-}" ]; then
    runOneHook "$@"
  fi
}

# Appends to a search path variable: addToSearchPathWithDelimiter SEPARATOR VARIABLE DIRECTORY.
addToSearchPathWithDelimiter() {
  local separator=$1 name=$2 dir=$3
  if [ -d "$dir" ]; then
    export "$name=${!name:+${!name}$separator}$dir"
  fi
}

addToSearchPath() { addToSearchPathWithDelimiter : "$@"; }

prependToVar() { _extendVar front "$@"; }
appendToVar() { _extendVar back "$@"; }

# Extends a variable, which may be a list (array) or a string of words.
_extendVar() {
  local end=$1 name=$2
  shift 2
  if [[ "$(declare -p "$name" 2>/dev/null)" == "declare -a"* ]] || [ -n "${__structuredAttrs-}" ]; then
    local -n list=$name
    if [ "$end" = front ]; then list=("$@" ${list+"${list[@]}"}); else list=(${list+"${list[@]}"} "$@"); fi
  elif [ "$end" = front ]; then
    declare -g "$name=$*${!name:+ ${!name}}"
  else
    declare -g "$name=${!name:+${!name} }$*"
  fi
}

# concatTo TARGET NAME...: appends the words of each variable, be it a list or a string, to the list TARGET.
# NAME=DEFAULT is used when the variable is unset or empty. (The names in here must not be those of callers' variables.)
concatTo() {
  local -n _target=$1
  shift
  local _spec _name _default
  local -a _words
  for _spec in "$@"; do
    _name=${_spec%%=*}
    _default=
    [[ $_spec != *=* ]] || _default=${_spec#*=}
    if [[ "$(declare -p "$_name" 2>/dev/null)" == "declare -a"* ]]; then
      local -n _source=$_name
      _target+=(${_source+"${_source[@]}"})
      unset -n _source
    elif [ -n "${!_name-}" ]; then
      # A string is a list of words.
      read -r -d '' -a _words <<<"${!_name}" || true
      _target+=("${_words[@]}")
    elif [ -n "$_default" ]; then
      _target+=("$_default")
    fi
  done
}

# Prints the values of a list or the words of a string, with a separator.
concatStringsSep() {
  local -a items=()
  concatTo items "$2"
  local IFS=$1
  echo -n "${items[*]}"
}

# Runs when the builder ends: failure hooks, and what the user asked to see.
exitHandler() {
  local code=$?
  set +e
  if [ -n "${succeedOnFailure-}" ] && [ "$code" != 0 ]; then
    message "build failed with exit code $code (ignored)"
    mkdir -p "$out/nix-support"
    printf '%s' "$code" >"$out/nix-support/failed"
    code=0
  fi
  if [ "$code" != 0 ]; then
    runHook failureHook
  else
    runHook exitHook
  fi
  exit "$code"
}
trap exitHandler EXIT
