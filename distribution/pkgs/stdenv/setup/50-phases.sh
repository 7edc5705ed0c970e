# The phases of a build, each with a hook before and after it.

# Whether a variable is set to something other than empty or 0.
_isOn() { [ -n "${!1-}" ] && [ "${!1}" != 0 ]; }

unpackFile() {
  local file=$1
  message "unpacking '$file'"
  local -n _unpackers=unpackCmdHooks
  local hook
  for hook in "${_unpackers[@]}"; do
    if curSrc=$file "$hook" "$file"; then return 0; fi
  done
  if [ -n "${unpackCmd-}" ]; then
    curSrc=$file
    eval "$unpackCmd"
    return 0
  fi
  fail "do not know how to unpack '$file'; a directory, a tar archive or a zip file was expected (or 'unpackCmd')"
}

declare -a unpackCmdHooks=(_unpackDirectory _unpackTar _unpackZip)

_unpackDirectory() {
  [ -d "$1" ] || return 1
  local destination
  destination=$(stripHash "$1")
  cp -r --preserve=mode,timestamps --reflink=auto -- "$1" "$destination"
}

_unpackTar() {
  case $1 in
    *.tar | *.tar.* | *.tgz | *.tbz2 | *.tbz | *.txz | *.orig) tar xf "$1" --warning=no-timestamp --no-same-owner ;;
    *) return 1 ;;
  esac
}

_unpackZip() {
  case $1 in
    *.zip | *.jar) unzip -qq "$1" ;;
    *) return 1 ;;
  esac
}

unpackPhase() {
  runHook preUnpack
  local -a sources=()
  concatTo sources srcs
  if [ "${#sources[@]}" = 0 ]; then
    [ -n "${src-}" ] || fail "the attribute 'src' or 'srcs' is needed by the unpack phase (or 'dontUnpack = true')"
    sources=("$src")
  fi
  local -A before=()
  local entry file
  for entry in *; do
    if [ -d "$entry" ]; then before[$entry]=1; fi
  done
  for file in "${sources[@]}"; do
    unpackFile "$file"
  done
  if [ -n "${setSourceRoot-}" ]; then
    runOneHook setSourceRoot
  elif [ -z "${sourceRoot-}" ]; then
    sourceRoot=
    for entry in *; do
      if [ -d "$entry" ] && [ -z "${before[$entry]-}" ]; then
        [ -z "$sourceRoot" ] || fail "the unpacked source has several directories ('$sourceRoot', '$entry'); 'sourceRoot' must say which to use"
        sourceRoot=$entry
      fi
    done
  fi
  [ -n "$sourceRoot" ] || fail "the unpacked source has no directory; 'sourceRoot' must be set (perhaps to '.')"
  message "source root is '$sourceRoot'"
  if ! _isOn dontMakeSourcesWritable; then chmod -R u+w -- "$sourceRoot"; fi
  cd -- "$sourceRoot"
  runHook postUnpack
}

patchPhase() {
  runHook prePatch
  local -a files=() flags=()
  concatTo files patches
  concatTo flags patchFlags=-p1
  local file
  for file in "${files[@]}"; do
    message "applying patch '$file'"
    case $file in
      *.gz) gzip -dc "$file" ;;
      *.bz2) bzip2 -dc "$file" ;;
      *.xz) xz -dc "$file" ;;
      *) cat "$file" ;;
    esac | patch "${flags[@]}"
  done
  runHook postPatch
}

configurePhase() {
  runHook preConfigure
  if [ -z "${configureScript-}" ] && [ -x ./configure ]; then configureScript=./configure; fi
  if [ -n "${configureScript-}" ]; then
    local -a flags=()
    if ! _isOn dontAddPrefix && [ -n "$prefix" ]; then flags+=("${prefixKey:---prefix=}$prefix"); fi
    _addOutputFlags flags
    local text=
    [ ! -f "$configureScript" ] || text=$(<"$configureScript") 2>/dev/null || true
    if ! _isOn dontAddDisableDepTrack && [[ $text == *dependency-tracking* ]]; then flags+=(--disable-dependency-tracking); fi
    if ! _isOn dontDisableStatic && [[ $text == *enable-static* ]]; then flags+=(--disable-static); fi
    concatTo flags configureFlags configureFlagsArray
    message "configure flags: ${flags[*]}"
    local -a command=()
    read -r -a command <<<"$configureScript"
    "${command[@]}" "${flags[@]}"
  else
    message "no configure script, nothing to do"
  fi
  runHook postConfigure
}

# The directories of the other outputs, for configure.
_addOutputFlags() {
  local -n _flags=$1
  [ "$outputBin" != "$outputDev" ] || [ "$outputBin" != "$outputLib" ] || return 0
  _isOn setOutputFlags || [ -z "${setOutputFlags+set}" ] || return 0
  _flags+=("--bindir=${!outputBin}/bin" "--sbindir=${!outputBin}/sbin" "--includedir=${!outputDev}/include"
    "--libdir=${!outputLib}/lib" "--mandir=${!outputMan}/share/man" "--docdir=${!outputDoc}/share/doc/${pname:-$name}")
}

_hasMakefile() {
  [ -n "${makefile-}" ] || [ -e Makefile ] || [ -e makefile ] || [ -e GNUmakefile ]
}

# Runs make with the flags in common and those given.
_make() {
  local -a flags=("SHELL=$SHELL")
  [ -z "${makefile-}" ] || flags+=(-f "$makefile")
  concatTo flags makeFlags makeFlagsArray
  make "${flags[@]}" "$@"
}

_parallel() { if _isOn "$1"; then echo "-j$NIX_BUILD_CORES -l$NIX_BUILD_CORES"; fi; }

buildPhase() {
  runHook preBuild
  if [ -z "${makeFlags-}" ] && ! _hasMakefile; then
    message "no Makefile, nothing to do"
  else
    local -a flags=($(_parallel enableParallelBuilding))
    concatTo flags buildFlags buildFlagsArray
    _make "${flags[@]}"
  fi
  runHook postBuild
}

checkPhase() {
  runHook preCheck
  if ! _hasMakefile; then
    message "no Makefile, nothing to check"
  else
    local -a targets=()
    concatTo targets checkTarget
    if [ "${#targets[@]}" = 0 ]; then
      if make -n "SHELL=$SHELL" ${makefile:+-f "$makefile"} check >/dev/null 2>&1; then
        targets=(check)
      elif make -n "SHELL=$SHELL" ${makefile:+-f "$makefile"} test >/dev/null 2>&1; then
        targets=(test)
      fi
    fi
    if [ "${#targets[@]}" = 0 ]; then
      message "the Makefile has neither 'check' nor 'test', nothing to check"
    else
      local -a flags=($(_parallel enableParallelChecking))
      concatTo flags checkFlags=VERBOSE=y checkFlagsArray
      _make "${flags[@]}" "${targets[@]}"
    fi
  fi
  runHook postCheck
}

installPhase() {
  runHook preInstall
  if [ -z "${makeFlags-}" ] && ! _hasMakefile; then
    message "no Makefile, nothing to install"
  else
    [ -z "$prefix" ] || mkdir -p "$prefix"
    local -a flags=($(_parallel enableParallelInstalling)) targets=()
    concatTo flags installFlags installFlagsArray
    concatTo targets installTargets=install
    _make "${flags[@]}" "${targets[@]}"
  fi
  runHook postInstall
}

fixupPhase() {
  runHook preFixup
  local output
  for output in $(getAllOutputNames); do
    [ -e "${!output}" ] || continue
    [ -d "${!output}" ] && [ ! -L "${!output}" ] || continue
    chmod -R u+w,u-s,g-s "${!output}"
    prefix=${!output} runHook fixupOutput
  done
  recordPropagatedDependencies
  runHook postFixup
}

# What is done to each output; $prefix is its directory.
_fixupOutput() {
  _moveToStandardPlaces
  _isOn dontGzipMan || _compressManPages
  _isOn dontPatchShebangs || patchShebangs "$prefix"
  if type -P strip >/dev/null && ! _isOn dontStrip; then
    _stripDirs "${stripDebugFlags:--S -p}" ${stripDebugList-lib lib32 lib64 libexec bin sbin}
    if [ -n "${stripAllList-}" ]; then _stripDirs "${stripAllFlags:--s -p}" $stripAllList; fi
  fi
  if type -P patchelf >/dev/null && ! _isOn dontPatchELF; then _shrinkRpaths; fi
}
declare -a fixupOutputHooks=(_fixupOutput)

installCheckPhase() {
  runHook preInstallCheck
  if ! _hasMakefile; then
    message "no Makefile, nothing to check"
  elif [ -n "${installCheckTarget-}" ] || make -n installcheck "SHELL=$SHELL" >/dev/null 2>&1; then
    local -a flags=()
    concatTo flags installCheckFlags installCheckFlagsArray
    _make "${flags[@]}" ${installCheckTarget:-installcheck}
  fi
  runHook postInstallCheck
}

distPhase() {
  runHook preDist
  local -a flags=()
  concatTo flags distFlags distFlagsArray distTarget=dist
  _make "${flags[@]}"
  if ! _isOn dontCopyDist; then
    mkdir -p "$out/tarballs"
    cp -pvd ${tarballs:-*.tar.gz} "$out/tarballs"
  fi
  runHook postDist
}

# Runs one phase unless it is switched off.
runPhase() {
  local phase=$1 started=$SECONDS
  case $phase in
    unpackPhase) if _isOn dontUnpack; then return 0; fi ;;
    patchPhase) if _isOn dontPatch; then return 0; fi ;;
    configurePhase) if _isOn dontConfigure; then return 0; fi ;;
    buildPhase) if _isOn dontBuild; then return 0; fi ;;
    checkPhase) if ! _isOn doCheck; then return 0; fi ;;
    installPhase) if _isOn dontInstall; then return 0; fi ;;
    fixupPhase) if _isOn dontFixup; then return 0; fi ;;
    installCheckPhase) if ! _isOn doInstallCheck; then return 0; fi ;;
    distPhase) if ! _isOn doDist; then return 0; fi ;;
  esac
  [ -z "${NIX_LOG_FD-}" ] || echo "@nix { \"action\": \"setPhase\", \"phase\": \"$phase\" }" >&"$NIX_LOG_FD"
  message "running phase: $phase"
  export curPhase=$phase
  # A variable with the phase's commands goes before the function of the same name.
  if [ -n "${!phase-}" ]; then
    eval "${!phase}"
  else
    "$phase"
  fi
  if [ $((SECONDS - started)) -ge 30 ]; then message "$phase took $((SECONDS - started)) s"; fi
}

genericBuild() {
  if [ -n "${buildCommandPath-}" ]; then
    source "$buildCommandPath"
    return
  fi
  if [ -n "${buildCommand-}" ]; then
    eval "$buildCommand"
    return
  fi
  local -a list=()
  if [ -n "${phases-}" ]; then
    concatTo list phases
  else
    concatTo list prePhases
    list+=(unpackPhase patchPhase)
    concatTo list preConfigurePhases
    list+=(configurePhase)
    concatTo list preBuildPhases
    list+=(buildPhase checkPhase)
    concatTo list preInstallPhases
    list+=(installPhase)
    concatTo list preFixupPhases
    list+=(fixupPhase installCheckPhase)
    concatTo list preDistPhases
    list+=(distPhase)
    concatTo list postPhases
  fi
  local phase
  for phase in "${list[@]}"; do
    runPhase "$phase"
  done
}
