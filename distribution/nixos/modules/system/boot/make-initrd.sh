# Builds an initial ramdisk in $out; the variables are set in stage-1.nix.
set -e
shopt -s nullglob

root=$PWD/root
mkdir -p $root/{bin,sbin,etc,dev,proc,sys,run,tmp,mnt-root,lib/modules/$version}
ln -s . $root/usr

# Busybox and its applets.
cp $busybox $root/bin/busybox
chmod 0755 $root/bin/busybox
for applet in $($busybox --list); do
  [ "$applet" = busybox ] || [ "$applet" = init ] || ln -sf busybox $root/bin/$applet
done
for program in modprobe insmod depmod switch_root; do
  ln -sf ../bin/busybox $root/sbin/$program
done

# Modules with all that they depend on, unpacked: the ramdisk is compressed as a whole.
tree=$modulesTree/lib/modules/$version
ln -s $(command -v kmod) ./modprobe
for module in $wantedModules; do
  if lines=$(./modprobe -d $modulesTree -S $version -C /dev/null --show-depends --ignore-install $module 2>/dev/null); then
    printf '%s\n' "$lines" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  else
    case " $alwaysModules " in
      *" $module "*)
        echo "error: the kernel $version has no module '$module' (asked for by boot.initrd.kernelModules)" >&2
        touch failed
        ;;
    esac
  fi
done > needed
[ ! -e failed ]

sort -u needed | while read -r file; do
  name=${file##*/lib/modules/$version/}
  mkdir -p $root/lib/modules/$version/${name%/*}
  target=$root/lib/modules/$version/$name
  case $name in
    *.xz) xz -dc < $file > ${target%.xz} ;;
    *.zst) zstd -qdc < $file > ${target%.zst} ;;
    *.gz) gzip -dc < $file > ${target%.gz} ;;
    *) cp -L $file $target ;;
  esac
done
cp -L $tree/modules.builtin $tree/modules.order $root/lib/modules/$version/ 2>/dev/null || true
cp -L $tree/modules.builtin.modinfo $root/lib/modules/$version/ 2>/dev/null || true
ln -s $(command -v kmod) ./depmod
./depmod -b $root -C /dev/null $version

# Firmware that these modules name.
find $root/lib/modules -name '*.ko' | while read -r file; do
  grep -aoE 'firmware=[^[:cntrl:]]+' $file | cut -d= -f2 || true
done | sort -u | while read -r name; do
  for file in $firmware/$name $firmware/$name.xz $firmware/$name.zst; do
    if [ -e $file ]; then
      mkdir -p $root/lib/firmware/$(dirname $name)
      cp -L $file $root/lib/firmware/$(dirname $name)/
    fi
  done
done

# Programs, each with what its loader finds, at the same places in the store.
copy_file() {
  if [ ! -e "$root$1" ]; then
    mkdir -p "$root${1%/*}"
    cp -L "$1" "$root$1"
    chmod u+w "$root$1"
  fi
}
for program in $programs; do
  copy_file "$program"
  "$loader" --list "$program" | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
    copy_file "$library"
  done
  interpreter=$(patchelf --print-interpreter "$program" 2>/dev/null || echo "$loader")
  [ ! -e "$interpreter" ] || copy_file "$interpreter"
  mkdir -p $root/bin
  ln -sfn "$program" "$root/bin/${program##*/}"
done

mkdir -p $root/etc/modprobe.d
cp "$modprobeConfigPath" $root/etc/modprobe.d/nixos.conf
cp $fsInfo $root/etc/fs-info
sed 's|^#! *@shell@|#!/bin/sh|' $initScript > $root/init
chmod 0755 $root/init
: > $root/etc/fstab
ln -s /proc/mounts $root/etc/mtab

while read -r object target; do
  mkdir -p "$root${target%/*}"
  cp -rL "$object" "$root$target"
done < "$contentsPath"

find $root -exec touch -h -d @1 {} +
mkdir -p $out
(cd $root && find . -print0 | LC_ALL=C sort -z | cpio --quiet --null --reproducible -R 0:0 -H newc -o) | $compressor > $out/initrd
