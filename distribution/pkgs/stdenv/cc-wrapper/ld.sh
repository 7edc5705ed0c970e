#!@bash@/bin/bash
# Calls @program@ with the loader, NIX_LDFLAGS, and a search path that names the store directories of the shared
# libraries that are linked.

arguments=("$@")
extra=(${NIX_LDFLAGS-})

static= relocatable= loader= output_kind=program dirs=() names=() files=() previous=
# Options in files are read here too, since the search path depends on them.
expanded=()
for argument in "$@" "${extra[@]}"; do
  if [[ $argument == @* ]] && [ -f "${argument#@}" ]; then
    while IFS= read -r word; do
      word=${word#\"}
      expanded+=("${word%\"}")
    done <"${argument#@}"
  else
    expanded+=("$argument")
  fi
done
for argument in "${expanded[@]}"; do
  case $previous in
    -dynamic-linker | --dynamic-linker | -I) loader=1 ;;
    -L) dirs+=("$argument") ;;
    -l) names+=("$argument") ;;
    -m | -o | -plugin | -rpath | -rpath-link | -soname | -h | -z | -T) ;;
    *)
      case $argument in
        -static | -Bstatic | -non_shared) [ "$argument" != -static ] || static=1 ;;
        -static-pie) static=1 ;;
        -r | -i | --relocatable) relocatable=1 ;;
        -shared | -Bshareable) output_kind=library ;;
        -dynamic-linker=* | --dynamic-linker=*) loader=1 ;;
        --no-dynamic-linker) loader=none ;;
        -L?*) dirs+=("${argument#-L}") ;;
        -l?*) names+=("${argument#-l}") ;;
        "$NIX_STORE"/*.so | "$NIX_STORE"/*.so.*) files+=("$argument") ;;
      esac
      ;;
  esac
  previous=$argument
done

if [ -z "$static" ] && [ -z "$relocatable" ] && [ -z "${NIX_DONT_SET_RPATH-}" ]; then
  for name in "${names[@]}"; do
    for dir in "${dirs[@]}"; do
      case $name in
        :*) file=$dir/${name#:} ;;
        *) file=$dir/lib$name.so ;;
      esac
      if [ -f "$file" ]; then
        files+=("$file")
        break
      fi
    done
  done
  declare -A seen=()
  if [ "${#files[@]}" != 0 ]; then
    # A development package's link leads to the package that has the library.
    while IFS= read -r file; do
      # Linker scripts name what they mean; it is found among the other files.
      IFS= read -r -n 4 magic <"$file" 2>/dev/null
      [ "$magic" = $'\177ELF' ] || continue
      dir=${file%/*}
      if [[ $dir == "${NIX_STORE:-/nix/store}"/* || $dir == "${out-/nonexistent}"/* ]] && [ -z "${seen[$dir]-}" ]; then
        seen[$dir]=1
        extra+=(-rpath "$dir")
      fi
    done < <(@coreutils@/bin/readlink -f "${files[@]}")
  fi
  extra+=(-rpath @libc@/lib/@triplet@)
  if [ "$output_kind" = program ] && [ "$loader" != none ]; then extra+=(-dynamic-linker @loader@); fi
fi
if [ -n "${NIX_DEBUG-}" ]; then printf '%q ' @program@ "${arguments[@]}" "${extra[@]}" >&2; echo >&2; fi
exec @program@ "${arguments[@]}" "${extra[@]}"
