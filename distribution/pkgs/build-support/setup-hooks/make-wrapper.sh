# makeWrapper: shell scripts that set up a program's environment and become it.
#
#   makeWrapper EXECUTABLE OUT OPTIONS      wrapProgram PROGRAM OPTIONS
#   --argv0 NAME, --inherit-argv0           the program's own name
#   --set VAR VALUE, --set-default VAR VALUE, --unset VAR
#   --prefix VAR SEP VALUE, --suffix VAR SEP VALUE, --prefix-each/--suffix-each VAR SEP VALUES
#   --suffix-contents VAR SEP FILES, --prefix-contents VAR SEP FILES
#   --chdir DIR, --run COMMANDS, --add-flag ARG, --append-flag ARG, --add-flags ARGS, --append-flags ARGS

assertExecutable() {
  [ -f "$1" ] && [ -x "$1" ] || fail "cannot wrap '$1': it is not an executable file"
}

# Lines that put VALUE before or after what VAR has, unless it is there already.
_wrapperExtend() {
  local end=$1 name=$2 separator=$3 value=$4
  printf '%s=${%s:+%q$%s%q}\n' "$name" "$name" "$separator" "$name" "$separator"
  # Without the value itself, in whatever position it stood.
  printf '%s=${%s//%q/%q}\n' "$name" "$name" "$separator$value$separator" "$separator"
  if [ "$end" = prefix ]; then
    printf '%s=%q${%s}\n' "$name" "$value" "$name"
    printf '%s=${%s%%%q}\n' "$name" "$name" "$separator"
  else
    printf '%s=${%s}%q\n' "$name" "$name" "$value"
    printf '%s=${%s#%q}\n' "$name" "$name" "$separator"
  fi
  printf 'export %s\n' "$name"
}

makeWrapper() { makeShellWrapper "$@"; }

makeShellWrapper() {
  local original=$1 wrapper=$2 argv0='' inheritArgv0='' before='' after='' text='' option word
  shift 2
  assertExecutable "$original"
  while [ $# != 0 ]; do
    option=$1
    case $option in
      --set) text+="export $2=$(printf %q "$3")"$'\n'; shift 3 ;;
      --set-default) text+="export $2=\${$2-$(printf %q "$3")}"$'\n'; shift 3 ;;
      --unset) text+="unset $2"$'\n'; shift 2 ;;
      --run) text+="$2"$'\n'; shift 2 ;;
      --chdir) text+="cd $(printf %q "$2")"$'\n'; shift 2 ;;
      --prefix | --suffix) text+="$(_wrapperExtend "${option#--}" "$2" "$3" "$4")"$'\n'; shift 4 ;;
      --prefix-each | --suffix-each)
        local end=${option#--}
        for word in $4; do text+="$(_wrapperExtend "${end%-each}" "$2" "$3" "$word")"$'\n'; done
        shift 4
        ;;
      --prefix-contents | --suffix-contents)
        local end=${option#--}
        for word in $4; do text+="$(_wrapperExtend "${end%-contents}" "$2" "$3" "$(<"$word")")"$'\n'; done
        shift 4
        ;;
      --add-flags) before+=" $2"; shift 2 ;;
      --append-flags) after+=" $2"; shift 2 ;;
      --add-flag) before+=" $(printf %q "$2")"; shift 2 ;;
      --append-flag) after+=" $(printf %q "$2")"; shift 2 ;;
      --argv0) argv0="-a $(printf %q "$2")"; shift 2 ;;
      --inherit-argv0) inheritArgv0=1; shift ;;
      --resolve-argv0) shift ;;
      *) fail "makeWrapper: '$option' is not an option" ;;
    esac
  done
  [ -z "$inheritArgv0" ] || argv0='-a "$0"'
  mkdir -p "${wrapper%/*}"
  {
    printf '#!%s -e\n' "@shell@"
    printf '%s' "$text"
    printf 'exec %s %q%s "$@"%s\n' "$argv0" "$original" "$before" "$after"
  } >"$wrapper"
  chmod +x "$wrapper"
}

makeBinaryWrapper() { makeShellWrapper "$@"; }

# Moves a program aside and puts a wrapper in its place.
wrapProgram() { wrapProgramShell "$@"; }
wrapProgramBinary() { wrapProgramShell "$@"; }

wrapProgramShell() {
  local program=$1 hidden
  shift
  assertExecutable "$program"
  hidden=${program%/*}/.${program##*/}-wrapped
  while [ -e "$hidden" ]; do hidden+=_; done
  mv "$program" "$hidden"
  makeShellWrapper "$hidden" "$program" --inherit-argv0 "$@"
}
