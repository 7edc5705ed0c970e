#!/bin/sh
# Runs this machine in QEMU.  Made from virtualisation/run-vm.sh.
#
# Environment:
#   NIX_DISK_IMAGE       the file of the machine's disk; default: the one named in the configuration, ./NAME.qcow2
#   QEMU_OPTS            more arguments for QEMU
#   QEMU_NET_OPTS        options of the user-mode network, for example hostfwd=tcp::2222-:22
#   QEMU_KERNEL_PARAMS   more words for the kernel's command line
#   USE_TMPDIR           when 1, temporary files are made in a new directory
#   TMPDIR               where temporary files go
#   FIRN_QEMU_ACCEL      kvm or tcg, instead of trying
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
inside=/nix/store/${self#"$physicalStore"/}
if [ "$physicalStore" != /nix/store ] && [ -z "$FIRN_VM_INSIDE" ]; then
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
  exec "$physicalStore/@loader@" --library-path "@libraryPath@" \
    "$physicalStore/${physicalBubblewrap:-$(basename @bubblewrap@)}/bin/bwrap" \
    $binds --dir /nix --ro-bind "$physicalStore" /nix/store --chdir "$PWD" --die-with-parent \
    -- /bin/sh "$inside" "$@"
fi

PATH=@coreutils@/bin:$PATH
qemu=@qemu@/bin/@qemuProgram@
export QEMU_MODULE_DIR=@moduleDir@

# Whether the processor helps: a tiny guest ends at once where it does. The answer is kept.
choose_accelerator() {
  choice=${FIRN_QEMU_ACCEL:-@accel@}
  if [ "$choice" = auto ]; then
    cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/firn
    answer=$cache/accelerator-$(stat -c %Y-%s /dev/kvm 2>/dev/null | tr -d ' ' || true)-$(uname -r)-$(id -u)
    if [ -r "$answer" ]; then
      choice=$(cat "$answer")
    else
      choice=tcg
      if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
        status=0
        timeout -k 1 3 "$qemu" @dataDirs@ -accel kvm -m 16 -display none -nodefaults -no-reboot \
          @probeOptions@ >/dev/null 2>&1 </dev/null || status=$?
        [ "$status" != @probeStatus@ ] || choice=kvm
      fi
      { mkdir -p "$cache" && printf '%s\n' "$choice" > "$answer"; } 2>/dev/null || true
    fi
  fi
  case $choice in
    kvm) accelerator="-accel kvm -cpu host" ;;
    *) accelerator="-accel tcg,thread=multi,tb-size=512 -cpu max" ;;
  esac
}
choose_accelerator

: "${NIX_DISK_IMAGE:=@diskImage@}"
temporary=
if [ "$USE_TMPDIR" = 1 ] || [ -z "$NIX_DISK_IMAGE" ] || [ -n "@emptyDisks@" ]; then
  temporary=$(mktemp -d "${TMPDIR:-/tmp}/nixos-vm.XXXXXXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  [ "$USE_TMPDIR" != 1 ] || cd "$temporary"
fi
[ -n "$NIX_DISK_IMAGE" ] || NIX_DISK_IMAGE=$temporary/disk.qcow2
case $NIX_DISK_IMAGE in
  /*) ;;
  *) NIX_DISK_IMAGE=$PWD/$NIX_DISK_IMAGE ;;
esac
if [ ! -e "$NIX_DISK_IMAGE" ]; then
  echo "creating the disk '$NIX_DISK_IMAGE'..." >&2
  cp @emptyDisk@ "$NIX_DISK_IMAGE.new"
  chmod u+w "$NIX_DISK_IMAGE.new"
  mv "$NIX_DISK_IMAGE.new" "$NIX_DISK_IMAGE"
fi

extraDrives=
index=0
for size in @emptyDisks@; do
  file=$temporary/empty$index.qcow2
  @qemuImg@ create -q -f qcow2 "$file" "${size}M"
  extraDrives="$extraDrives -drive id=empty$index,if=none,werror=report,file=$file -device virtio-blk-pci,drive=empty$index"
  index=$((index + 1))
done

if [ "@boot@" = direct ]; then
  set -- -kernel @toplevel@/kernel -initrd @toplevel@/initrd \
    -append "$(cat @toplevel@/kernel-params) init=@toplevel@/init $QEMU_KERNEL_PARAMS" "$@"
fi
if [ "@display@" = serial ]; then
  set -- -nographic "$@"
fi
storeShare=
if [ -z "@storeImage@" ]; then
  storeShare="-virtfs local,path=/nix/store,security_model=none,mount_tag=nix-store,readonly=on"
fi

# The options of the user-mode network end in a comma when nothing is added to them.
network=$(echo "@network@" | sed -e 's/,\( \|$\)/\1/g')

# shellcheck disable=SC2086
set -- "$qemu" @dataDirs@ -name @name@ $accelerator -m @memory@ -smp @cores@ -no-reboot \
  -device virtio-rng-pci $network @drives@ $extraDrives $storeShare @sharedDirectories@ \
  @options@ "$@" $QEMU_OPTS

# QEMU takes this process's place, unless something is to be cleaned up after it.
if [ -z "$temporary" ]; then
  exec "$@"
fi
exec 3<&0
"$@" <&3 &
trap 'kill $!' TERM INT HUP
status=0
wait $! || status=$?
exit $status
