#!@bash@/bin/bash
# Calls @program@ with the places of headers, start files and tools, and with what the build's inputs add.

before=(-B@out@/libexec/binutils/ -B@libcDev@/lib/@triplet@/)
after=()
for dir in @includes@; do
  after+=(-idirafter "$dir")
done
after+=(-L@libcDev@/lib/@triplet@ -L@libc@/lib/@triplet@ ${NIX_CFLAGS_COMPILE-})

links=1
for argument in "$@"; do
  case $argument in
    -c | -S | -E | -M | -MM | -fsyntax-only | --version | -dumpversion | -dumpmachine | -print-*) links= ;;
    -nostdinc) after=(${NIX_CFLAGS_COMPILE-}) ;;
  esac
done
case @program@ in
  */cpp) links= ;;
  */g++) after+=(${NIX_CXXSTDLIB_COMPILE-}) ;;
esac
if [ -n "$links" ]; then
  after+=(${NIX_CFLAGS_LINK-})
fi
if [ -n "${NIX_DEBUG-}" ]; then printf '%q ' @program@ "${before[@]}" "$@" "${after[@]}" >&2; echo >&2; fi

# A program that is only asked for its version must not be given something to do.
if [ $# = 0 ]; then exec @program@; fi
exec @program@ "${before[@]}" "$@" "${after[@]}"
