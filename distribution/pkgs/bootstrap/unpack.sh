# Builder of the bootstrap tools; runs under busybox sh.
# In: $busybox, $debs (store paths), $triplet, $loader, $elfPatch. Out: $out/{bin,lib,share/perl}.
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
for program in perl xz; do
  for dir in "$root/usr/bin" "$root/bin"; do
    [ -f "$dir/$program" ] && cp "$dir/$program" "$out/bin/$program"
  done
done
cp -R "$root/usr/lib/$triplet/perl-base" "$out/share/perl"

ld=$out/lib/${loader##*/}
[ -e "$ld" ] || cp -L "$root/usr/$loader" "$ld" || cp -L "$root/$loader" "$ld"

# A running program must not be changed: perl runs from a copy.
cp -a "$out/lib" lib
cp "$out/bin/perl" perl
"lib/${loader##*/}" --library-path lib ./perl -I"$out/share/perl" -e '
  require $ENV{elfPatch};
  my ($loader, $libraries, @files) = @ARGV;
  for my $file (@files) {
    next if -l $file || $file =~ m{/(?:ld-[^/]*|libc\.so\.[^/]*)\z};
    ElfPatch::patch($file, { interpreter => $file =~ m{/bin/} ? $loader : undef, run_path => $libraries });
  }
' "$ld" "$out/lib" "$out"/bin/* "$out"/lib/*.so.*

"$out/bin/perl" -I"$out/share/perl" -e 'use strict; use POSIX (); print "perl $^V\n"'
"$out/bin/xz" --version
