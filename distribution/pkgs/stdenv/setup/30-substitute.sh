# Replacing text in files.

# substituteStream VARIABLE DESCRIPTION OPTIONS...: applies the options to the text in VARIABLE.
#   --replace OLD NEW           (a warning when OLD is not there)
#   --replace-fail OLD NEW      (an error when OLD is not there)
#   --replace-warn OLD NEW, --replace-quiet OLD NEW
#   --subst-var NAME            (@NAME@ by the value of the variable)
#   --subst-var-by NAME VALUE
substituteStream() {
  local -n _text=$1
  local where=$2 pattern replacement missing
  shift 2
  while [ $# != 0 ]; do
    missing=quiet
    case $1 in
      --replace | --replace-warn | --replace-fail | --replace-quiet)
        [ $# -ge 3 ] || fail "substitute: '$1' needs two arguments"
        case $1 in
          --replace-fail) missing=fail ;;
          --replace-quiet) missing=quiet ;;
          *) missing=warn ;;
        esac
        pattern=$2 replacement=$3
        shift 3
        ;;
      --subst-var)
        [[ $2 =~ ^[a-zA-Z_][a-zA-Z0-9_]*$ ]] || fail "substitute: '$2' is not a variable's name"
        [ -n "${!2+set}" ] || fail "substitute: the variable '$2' is not set"
        pattern="@$2@" replacement=${!2}
        shift 2
        ;;
      --subst-var-by)
        pattern="@$2@" replacement=$3
        shift 3
        ;;
      *) fail "substitute: '$1' is not an option" ;;
    esac
    local before=$_text
    _text=${_text//"$pattern"/"$replacement"}
    if [ "$before" = "$_text" ] && [ "$pattern" != "$replacement" ]; then
      case $missing in
        warn) message "substitute: warning: '$pattern' does not occur in $where" ;;
        fail) fail "substitute: '$pattern' does not occur in $where" ;;
      esac
    fi
  done
  printf '%s' "$_text"
}

# Reads a file into a variable, byte for byte; binary files cannot be substituted.
_readText() {
  local -n _content=$1
  if ! [ -f "$2" ]; then fail "substitute: the file '$2' does not exist"; fi
  if IFS= read -r -d '' _content <"$2"; then
    fail "substitute: the file '$2' is binary (it has a NUL character)"
  fi
}

substitute() {
  local input=$1 output=$2 content
  shift 2
  _readText content "$input"
  local result
  result=$(substituteStream content "'$input'" "$@"; printf x)
  printf '%s' "${result%x}" >"$output"
}

# substituteInPlace FILE... OPTIONS...
substituteInPlace() {
  local -a files=()
  while [ $# != 0 ] && [[ $1 != --* ]]; do
    files+=("$1")
    shift
  done
  [ "${#files[@]}" != 0 ] || fail "substituteInPlace: no file was given"
  local file
  for file in "${files[@]}"; do
    substitute "$file" "$file" "$@"
  done
}

# Replaces @NAME@ for each exported variable NAME that begins with a lower-case letter.
substituteAll() {
  local input=$1 output=$2 name
  local -a options=()
  for name in $(_exportedNames); do
    options+=(--subst-var "$name")
  done
  substitute "$input" "$output" "${options[@]}"
}

substituteAllInPlace() { substituteAll "$1" "$1"; }

substituteAllStream() {
  local variable=$1 where=$2 name
  local -a options=()
  for name in $(_exportedNames); do
    options+=(--subst-var "$name")
  done
  substituteStream "$variable" "$where" "${options[@]}"
}

_exportedNames() {
  local name
  for name in $(compgen -e); do
    [[ $name =~ ^[a-z][a-zA-Z0-9_]*$ ]] && echo "$name"
  done
  return 0
}
