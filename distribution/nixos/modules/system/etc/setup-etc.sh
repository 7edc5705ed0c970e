# Brings /etc in line with a generation: setup-etc.sh ETC, where ETC is the output described in etc.nix.
# Runs at boot and on every switch; a run that was interrupted is completed by the next one.
set -e
shopt -s nullglob
etc=$1

# 1. The tree itself, replaced in one step.
ln -sfn "$etc/etc" /etc/.static.tmp
mv -T /etc/.static.tmp /etc/static

# 2. Links that should be there and are not. One `find` and no other process when nothing is missing.
declare -A present=()
while IFS= read -r name; do
  present[$name]=1
done < <(find /etc -type l -lname '/etc/static/*' -printf '%P\t%l\n' | while IFS=$'\t' read -r name target; do
  [ "$target" = "/etc/static/$name" ] && printf '%s\n' "$name"
done)

missing=()
declare -A wanted=()
while IFS= read -r name; do
  wanted[$name]=1
  [ -n "${present[$name]}" ] || missing+=("$name")
done < "$etc/list"

clear_parents() { # A directory that was one link in an older generation makes room for a real one.
  local parent=${1%/*}
  while [ "$parent" != "$1" ] && [ -n "$parent" ]; do
    if [ -L "/etc/$parent" ] && [[ $(readlink "/etc/$parent") == /etc/static/* ]]; then
      rm "/etc/$parent"
    fi
    case $parent in
      */*) parent=${parent%/*} ;;
      *) break ;;
    esac
  done
}

if [ ${#missing[@]} -gt 0 ]; then
  for name in "${missing[@]}"; do
    case $name in
      */*) clear_parents "$name" ;;
    esac
    # A real directory where a link belongs: keep what is in it, under another name.
    if [ -d "/etc/$name" ] && [ ! -L "/etc/$name" ]; then
      rmdir "/etc/$name" 2>/dev/null || mv -T "/etc/$name" "/etc/$name.before-nixos.$$"
    fi
  done
  (cd "$etc/links" && printf '%s\0' "${missing[@]}" | xargs -0 cp -P --parents --remove-destination -t /etc)
fi

# 3. Links that no generation wants any more.
for name in "${!present[@]}"; do
  if [ -z "${wanted[$name]}" ]; then
    rm -f "/etc/$name"
    rmdir --ignore-fail-on-non-empty -p "/etc/${name%/*}" 2>/dev/null || true
  fi
done

# 4. Copies. Those of the last generation are listed in /etc/.clean and go away when they are not wanted.
declare -A copies=()
while IFS=$'\t' read -r name mode user group; do
  copies[$name]=1
  mkdir -p "$(dirname "/etc/$name")"
  if [ -d "$etc/etc/$name" ]; then
    ln -sfnT "/etc/static/$name" "/etc/$name"
    continue
  fi
  cp -L "$etc/etc/$name" "/etc/$name.tmp"
  chown "$user:$group" "/etc/$name.tmp"
  chmod "$mode" "/etc/$name.tmp"
  mv -fT "/etc/$name.tmp" "/etc/$name"
done < "$etc/copies"

if [ -e /etc/.clean ]; then
  while IFS= read -r name; do
    if [ -z "${copies[$name]}" ] && [ -z "${wanted[$name]}" ]; then
      rm -f "/etc/$name"
    fi
  done < /etc/.clean
fi
if [ ${#copies[@]} -gt 0 ]; then
  printf '%s\n' "${!copies[@]}" > /etc/.clean.tmp
else
  : > /etc/.clean.tmp
fi
mv -f /etc/.clean.tmp /etc/.clean
: > /etc/NIXOS
