# Work on the files of outputs.

isELF() {
  local magic
  [ -f "$1" ] && IFS= read -r -n 4 magic <"$1" 2>/dev/null
  [ "$magic" = $'\177ELF' ]
}

isScript() {
  local magic
  [ -f "$1" ] && IFS= read -r -n 2 magic <"$1" 2>/dev/null
  [ "$magic" = "#!" ]
}

# Name of a store path without its hash; other paths: their last part.
stripHash() {
  local name=${1##*/}
  if [[ $name =~ ^[a-z0-9]{32}- ]]; then
    name=${name:33}
  fi
  echo "$name"
}

# moveToOutput PATTERN OUTPUT-DIRECTORY: moves matching files of the other outputs there.
moveToOutput() {
  local pattern=$1 destination=$2 output file relative
  for output in $(getAllOutputNames); do
    [ "${!output}" != "$destination" ] || continue
    for file in "${!output}"/$pattern; do
      [ -e "$file" ] || [ -L "$file" ] || continue
      if [ "$destination" = REMOVE ]; then
        rm -rf "$file"
        continue
      fi
      relative=${file#"${!output}"}
      mkdir -p "$destination${relative%/*}"
      if [ -d "$file" ] && [ -d "$destination$relative" ]; then
        cp -a "$file/." "$destination$relative/"
        rm -rf "$file"
      else
        mv "$file" "$destination$relative"
      fi
      rmdir -p --ignore-fail-on-non-empty "${file%/*}" 2>/dev/null || true
    done
  done
}

getAllOutputNames() {
  if [ -n "${__structuredAttrs-}" ]; then
    echo "${!outputs[*]}"
  else
    echo "${outputs:-out}"
  fi
}

# patchShebangs [--build|--host|--update] PATH...: gives scripts an interpreter from PATH.
patchShebangs() {
  local update=
  while [[ ${1-} == --* ]]; do
    case $1 in
      --update) update=1 ;;
      --build | --host) ;;
      --) shift; break ;;
      *) fail "patchShebangs: '$1' is not an option" ;;
    esac
    shift
  done
  local file
  while IFS= read -r -d '' file; do
    if isScript "$file"; then _patchShebang "$file" "$update"; fi
  done < <(find "$@" -type f -perm -0100 -print0)
}

_patchShebang() {
  local file=$1 update=$2 line program arguments found stamp
  IFS= read -r line <"$file" || [ -n "$line" ] || return 0
  line=${line#\#!}
  read -r program arguments <<<"$line"
  [ -n "$program" ] || return 0
  if [[ $program == "$NIX_STORE"/* ]] && [ -z "$update" ]; then return 0; fi
  if [[ $program == */env ]]; then
    # "env -S prog args" and "env prog args"; assignments cannot be translated.
    [[ $arguments != "-S "* ]] || arguments=${arguments#-S }
    read -r program arguments <<<"$arguments"
    [[ $program != -* && $program != *=* ]] || fail "$file: the interpreter line '#!$line' cannot be translated"
  fi
  found=$(type -P "${program##*/}") || return 0
  [ -n "$found" ] || return 0
  if [ "#!$line" != "#!$found${arguments:+ $arguments}" ]; then
    message "$file: interpreter '$line' becomes '$found${arguments:+ $arguments}'"
    stamp=$(mktemp)
    touch -r "$file" "$stamp"
    sed -i "1 s|.*|#!${found//&/\\&}${arguments:+ ${arguments//&/\\&}}|" "$file"
    touch -r "$stamp" "$file"
    rm -f "$stamp"
  fi
}

# Removes symbols of the ELF files and archives below the given directories (options go to strip).
_stripDirs() {
  local flags=$1
  shift
  local -a dirs=()
  local dir
  for dir in "$@"; do
    if [ -e "$prefix/$dir" ]; then dirs+=("$prefix/$dir"); fi
  done
  [ "${#dirs[@]}" != 0 ] || return 0
  find "${dirs[@]}" -type f -a '!' -path "$prefix/lib/debug/*" -print0 \
    | xargs -0 -r -n 200 strip $flags 2>/dev/null || true
}

# Makes the search paths of programs and libraries name only what they need.
_shrinkRpaths() {
  local file
  local -a files=()
  while IFS= read -r -d '' file; do
    if isELF "$file" && [[ $file != *.o ]]; then files+=("$file"); fi
  done < <(find "$prefix" -type f \( -perm -0100 -o -name '*.so*' \) -print0)
  for file in "${files[@]}"; do
    # Static programs have no search path.
    patchelf --shrink-rpath --allowed-rpath-prefixes "$NIX_STORE" "$file" 2>/dev/null || true
  done
}

# Manual pages are kept compressed, with a time stamp that does not change.
_compressManPages() {
  local dir
  for dir in share/man man; do
    [ -d "$prefix/$dir" ] && [ ! -L "$prefix/$dir" ] || continue
    find "$prefix/$dir" -type f -a '!' -regex '.*\.\(bz2\|gz\|xz\|zst\)$' -print0 | xargs -0 -r -n 200 gzip -n -f
    local link target
    while IFS= read -r -d '' link; do
      target=$(readlink "$link")
      if [[ $target != *.gz ]] && [ -f "$(dirname "$link")/$target.gz" ]; then
        rm "$link"
        ln -s "$target.gz" "${link%.gz}.gz"
      fi
    done < <(find "$prefix/$dir" -type l -print0)
  done
}

# Old places of documentation and libraries become the ones that everybody looks at.
_moveToStandardPlaces() {
  local dir
  for dir in man doc info; do
    if [ -d "$prefix/$dir" ] && [ ! -L "$prefix/$dir" ]; then
      mkdir -p "$prefix/share/$dir"
      cp -a "$prefix/$dir/." "$prefix/share/$dir/"
      rm -rf "${prefix:?}/$dir"
    fi
  done
  for dir in sbin:bin lib64:lib; do
    local from=${dir%:*} to=${dir#*:}
    if [ -z "${dontMoveSbin-}" -o "$from" != sbin ] && [ -d "$prefix/$from" ] && [ ! -L "$prefix/$from" ]; then
      mkdir -p "$prefix/$to"
      cp -a "$prefix/$from/." "$prefix/$to/"
      rm -rf "${prefix:?}/$from"
      ln -s "$to" "$prefix/$from"
    fi
  done
}
