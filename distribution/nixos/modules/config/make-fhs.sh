# Makes the tree for /usr: make-fhs.sh PACKAGES-FILE OUT [WRAPPED-PROGRAM...]
# Each package's directories are merged as trees of links; where two have the same file, the first one wins.
set -e
packages=$1
out=$2
shift 2

mkdir -p "$out/usr"
cd "$out/usr"
mkdir -p bin sbin lib lib64 libexec share include

merge() { # SOURCE TARGET: two packages may disagree on whether a name is a directory; the first one wins here too
  mkdir -p "$2"
  cp -rs --update=none --no-preserve=mode "$1/." "$2/" || echo "warning: not all of '$1' could be merged" >&2
}

for package in $(cat "$packages"); do
  for directory in bin sbin lib lib64 libexec include games; do
    if [ -d "$package/$directory" ]; then
      merge "$package/$directory" "$directory"
    fi
  done
  # Documentation is for the profiles.
  for directory in "$package"/share/*; do
    case ${directory##*/} in
      doc | doc-base | lintian | bug | '*') continue ;;
    esac
    if [ -d "$directory" ]; then
      merge "$directory" "share/${directory##*/}"
    else
      [ -e "share/${directory##*/}" ] || ln -s "$directory" share/
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
