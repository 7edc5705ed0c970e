# Makes the tree for /usr: make-fhs.sh PACKAGES-FILE OUT [WRAPPED-PROGRAM...]
# Each package's directories are merged as trees of links; where two have the same file, the first one wins.
set -e
packages=$1
out=$2
shift 2

mkdir -p "$out/usr"
cd "$out/usr"
mkdir -p bin sbin lib lib64 libexec share include

for package in $(cat "$packages"); do
  for directory in bin sbin lib lib64 libexec share include games; do
    if [ -d "$package/$directory" ]; then
      cp -rs --no-clobber --no-preserve=mode "$package/$directory/." "$directory/" 2>/dev/null || {
        mkdir -p "$directory"
        cp -rs --update=none --no-preserve=mode "$package/$directory/." "$directory/"
      }
    fi
  done
done

# An alias (a link to a name beside it) must stay an alias: systemd tells units apart by where their links end.
for directory in lib/systemd lib/udev share/dbus-1; do
  [ -d "$directory" ] || continue
  find "$directory" -type l -printf '%p\t%l\n' | while IFS="$(printf '\t')" read -r link target; do
    [ -L "$target" ] || continue
    inner=$(readlink "$target")
    case $inner in
      /*) ;;
      *) if [ -e "${link%/*}/$inner" ]; then ln -sfn "$inner" "$link"; fi ;;
    esac
  done
done

# Modules belong to the running kernel, not to the generation.
rm -rf lib/modules lib/firmware
ln -s /run/booted-system/kernel-modules/lib/modules lib/modules
ln -s /run/current-system/firmware lib/firmware

# Programs that need privileges are found where they have them.
for program in "$@"; do
  for file in "bin/$program" "sbin/$program"; do
    if [ -e "$file" ] || [ -L "$file" ]; then
      ln -sfn "/run/wrappers/bin/$program" "$file"
    fi
  done
done
