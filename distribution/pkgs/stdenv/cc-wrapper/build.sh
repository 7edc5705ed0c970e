# Makes the compiler wrapper from the scripts beside it.
mkdir -p $out/bin $out/nix-support $out/libexec/binutils

# GCC looks for `as` and `ld` in the directory that -B names.
for program in "$binutils"/bin/*; do
  name=${program##*/}
  ln -s "$program" "$out/libexec/binutils/$name"
  ln -s "$program" "$out/bin/$name"
done

install_script() {
  local script=$1 name=$2 program=$3
  rm -f "$out/bin/$name"
  substitute "$script" "$out/bin/$name" --subst-var bash --subst-var-by program "$program" --subst-var out \
    --subst-var libcDev --subst-var libc --subst-var triplet --subst-var includes --subst-var loader --subst-var coreutils
  chmod +x "$out/bin/$name"
}

for name in ld ld.bfd ld.gold; do
  [ -e "$binutils/bin/$name" ] || continue
  install_script "$ldScript" "$name" "$binutils/bin/$name"
  ln -sf "$out/bin/$name" "$out/libexec/binutils/$name"
done

for name in gcc g++ cpp; do
  install_script "$ccScript" "$name" "$gcc/bin/$name"
  ln -sf "$name" "$out/bin/$triplet-$name"
done
ln -s gcc $out/bin/cc
ln -s g++ $out/bin/c++
for name in gcov gcc-ar gcc-nm gcc-ranlib; do
  [ ! -e "$gcc/bin/$name" ] || ln -s "$gcc/bin/$name" "$out/bin/$name"
done

cat >$out/nix-support/setup-hook <<'END'
export CC=gcc CXX=g++ LD=ld AR=ar AS=as NM=nm RANLIB=ranlib STRIP=strip OBJCOPY=objcopy OBJDUMP=objdump READELF=readelf
export NIX_CC=@out@
# The compiler knows these by itself, behind its own directories.
compilerIncludes=" @includes@ "
END
substituteInPlace $out/nix-support/setup-hook --subst-var out --subst-var includes
