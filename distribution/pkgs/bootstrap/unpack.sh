# Builder of the bootstrap tools; runs under busybox sh.
# In: $busybox, $debs (store paths), $triplet, $loader. Out: $out/{bin,lib,share/perl}.
set -eu

tools=$PWD/tools
"$busybox" mkdir "$tools"
"$busybox" --install -s "$tools"
PATH=$tools

root=$PWD/root
mkdir "$root"
for deb in $debs; do
  member=$(ar t "$deb" | grep '^data\.tar')
  case $member in
    data.tar.xz) ar p "$deb" "$member" | tar -x -J -C "$root" ;;
    data.tar.gz) ar p "$deb" "$member" | tar -x -z -C "$root" ;;
    data.tar) ar p "$deb" "$member" | tar -x -C "$root" ;;
    *) echo "$deb: cannot unpack $member: xz, gzip or none was expected" >&2; exit 1 ;;
  esac
done

mkdir -p "$out/bin" "$out/lib" "$out/share"
# Before the merge of /usr, libraries stood in /lib and programs in /bin.
for dir in "$root/usr/lib/$triplet" "$root/lib/$triplet"; do
  [ -d "$dir" ] || continue
  for file in "$dir"/*.so "$dir"/*.so.*; do
    [ -f "$file" ] && cp -a "$file" "$out/lib/"
  done
done
for program in perl xz zstd patchelf; do
  for dir in "$root/usr/bin" "$root/bin"; do
    [ -f "$dir/$program" ] && cp "$dir/$program" "$out/bin/$program"
  done
done
cp -R "$root/usr/lib/$triplet/perl-base" "$out/share/perl"

ld=$out/lib/${loader##*/}
[ -e "$ld" ] || cp -L "$root/usr/$loader" "$ld" || cp -L "$root/$loader" "$ld"

# A running patchelf must not change its own libraries: it runs from a copy.
cp -a "$out/lib" lib
cp "$out/bin/patchelf" patchelf-copy
patchelf() {
  "lib/${loader##*/}" --library-path lib ./patchelf-copy "$@"
}
patchelf --set-interpreter "$ld" --set-rpath "$out/lib" "$out"/bin/*
set --
for library in "$out"/lib/*.so.*; do
  case ${library##*/} in
    ld-*|libc.so.*) continue ;;
  esac
  [ -L "$library" ] || set -- "$@" "$library"
done
patchelf --set-rpath "$out/lib" "$@"

"$out/bin/perl" -I"$out/share/perl" -e 'use strict; use POSIX (); print "perl $^V\n"'
"$out/bin/patchelf" --version
