#!/bin/sh
# Starts the driver of a test.  Made from lib/testing/launcher.sh.
set -e

self=$(readlink -f "$0")
case $self in
  */nix/store/*) physicalStore=${self%%/nix/store/*}/nix/store ;;
  *)
    echo "error: the program '$self' is not in a store; run it from where it was built" >&2
    exit 1
    ;;
esac

# A store that stands elsewhere than at /nix/store is shown there in a namespace; nothing outside changes.
if [ "$physicalStore" != /nix/store ] && [ -z "$FIRN_VM_INSIDE" ]; then
  libraries=
  for directory in @libraries@; do
    libraries=$libraries:$physicalStore/$directory
  done
  binds=
  for path in /* /.[!.]*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    case $path in
      /nix) continue ;;
    esac
    if [ -L "$path" ]; then
      binds="$binds --symlink $(readlink "$path") $path"
    else
      binds="$binds --dev-bind $path $path"
    fi
  done
  export FIRN_VM_INSIDE=1
  # shellcheck disable=SC2086
  exec "$physicalStore/@loader@" --library-path "${libraries#:}" "$physicalStore/@bubblewrap@/bin/bwrap" \
    $binds --dir /nix --ro-bind "$physicalStore" /nix/store --chdir "$PWD" --die-with-parent \
    -- /bin/sh "/nix/store/${self#"$physicalStore"/}" --called-as "${0##*/}" "$@"
fi

name=${0##*/}
if [ "$1" = --called-as ]; then
  name=$2
  shift 2
fi
if [ "$name" = nixos-run-vms ]; then
  set -- --run-vms "$@"
fi

export PATH=@path@${PATH:+:$PATH}
PYTHONPATH=@pythonPath@${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
exec @firn@/bin/nixos-test-driver --manifest @out@/test.json @arguments@ "$@"
