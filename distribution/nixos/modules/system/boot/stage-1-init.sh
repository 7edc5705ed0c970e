#!@shell@
# Stage 1: finds and mounts the file systems that the system needs, then hands over to stage 2.
# Everything here runs in busybox; devices appear through the kernel's devtmpfs.

targetRoot=/mnt-root
console=tty1
stage2Init=/init
export LD_LIBRARY_PATH=
export PATH=/bin:/sbin
allowShell=
panicOnFail=
debug1=
debug1devices=
debug1mounts=

info() { echo "$@"; }

# What a failure ends in: a menu, when a shell is allowed.
fail() {
  if [ -n "$panicOnFail" ]; then
    echo "An error occurred in stage 1 of the boot process; the kernel is told to panic."
    exit 1
  fi

  @preFailCommands@

  timeout=
  cat <<EOF

An error occurred in stage 1 of the boot process, which must mount the
root filesystem on \`$targetRoot' and then start stage 2.  Press one
of the following keys:

EOF
  if [ -n "$allowShell" ]; then
    cat <<EOF
  i) to launch an interactive shell
  f) to start an interactive shell having pid 1 (needed if you want to
     start stage 2's init manually)
EOF
  fi
  cat <<EOF
  r) to reboot immediately
  *) to ignore the error and continue
EOF
  read -r -n 1 reply
  echo
  if [ -n "$allowShell" ] && [ "$reply" = f ]; then
    exec setsid sh -c "exec sh < /dev/$console >/dev/$console 2>/dev/$console"
  elif [ -n "$allowShell" ] && [ "$reply" = i ]; then
    echo "Starting interactive shell..."
    setsid sh -c "exec sh < /dev/$console >/dev/$console 2>/dev/$console" || fail
  elif [ "$reply" = r ]; then
    echo "Rebooting..."
    reboot -f
  else
    info "Continuing..."
  fi
}

trap fail 0

echo
printf '\033[1;32m<<< NixOS Stage 1 >>>\033[0m\n'
echo

mkdir -p /proc /sys /dev /run /tmp /etc $targetRoot
[ -e /proc/self ] || mount -t proc -o nosuid,noexec,nodev proc /proc
mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
[ -c /dev/null ] || mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,mode=620,ptmxmode=0666,gid=5 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /run

# The kernel's command line.
for option in $(cat /proc/cmdline); do
  case $option in
    console=*)
      console=${option#console=}
      console=${console%%,*}
      ;;
    init=*) stage2Init=${option#init=} ;;
    boot.trace | debugtrace | boot.debugtrace) set -x ;;
    boot.shell_on_fail) allowShell=1 ;;
    boot.debug1 | debug1) allowShell=1; debug1=1 ;;
    boot.debug1devices) allowShell=1; debug1devices=1 ;;
    boot.debug1mounts) allowShell=1; debug1mounts=1 ;;
    boot.panic_on_fail | stage1panic=1) panicOnFail=1 ;;
    resume=*) resumeParameter=${option#resume=} ;;
    root=*)
      rootParameter=${option#root=}
      case $rootParameter in
        LABEL=*) rootParameter=/dev/disk/by-label/${rootParameter#LABEL=} ;;
        UUID=*) rootParameter=/dev/disk/by-uuid/${rootParameter#UUID=} ;;
      esac
      ;;
  esac
done

[ -z "$debug1" ] || fail

@preDeviceCommands@

# Modules: the listed ones, then whatever a device of this machine asks for. Buses bring new devices, hence the repetition.
info "loading kernel modules..."
for module in @kernelModules@; do
  modprobe "$module" || true
done
coldplug() {
  find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u | xargs modprobe -abq 2>/dev/null
}
coldplug
coldplug

@preLVMCommands@

if command -v mdadm >/dev/null 2>&1; then
  info "starting software RAID..."
  mdadm --assemble --scan --config=/etc/mdadm.conf
fi
if command -v lvm >/dev/null 2>&1; then
  info "starting device mapper and LVM..."
  lvm vgchange -ay --sysinit
fi

[ -z "$debug1devices" ] || fail

@postDeviceCommands@

# The device node of a fileSystems device; the aliases of /dev/disk are made by udev, which runs later, so they are
# looked up here.
resolve_device() {
  case $1 in
    /dev/disk/by-label/*) findfs "LABEL=$(printf '%b' "${1#/dev/disk/by-label/}")" 2>/dev/null ;;
    /dev/disk/by-uuid/*) findfs "UUID=${1#/dev/disk/by-uuid/}" 2>/dev/null ;;
    /dev/disk/by-id/virtio-*)
      for block in /sys/block/*; do
        if [ "$(cat "$block/serial" 2>/dev/null)" = "${1#/dev/disk/by-id/virtio-}" ]; then
          echo "/dev/${block##*/}"
          return
        fi
      done
      ;;
    LABEL=* | UUID=*) findfs "$1" 2>/dev/null ;;
    *) if [ -e "$1" ]; then echo "$1"; fi ;;
  esac
}

wait_device() { # DEVICE: waits up to 20 seconds; the node is left in $resolved
  resolved=$(resolve_device "$1")
  if [ -z "$resolved" ]; then
    printf 'waiting for device %s to appear...' "$1"
    try=100
    while [ $try -gt 0 ]; do
      sleep 0.2
      if [ $((try % 5)) = 0 ]; then
        coldplug
        ! command -v lvm >/dev/null 2>&1 || lvm vgchange -ay --sysinit >/dev/null 2>&1
        printf .
      fi
      resolved=$(resolve_device "$1")
      [ -z "$resolved" ] || break
      try=$((try - 1))
    done
    echo
    if [ -z "$resolved" ]; then
      echo "Timed out waiting for device $1, trying to mount anyway."
      resolved=$1
    fi
  fi
}

# A hibernated system goes on where it was and never comes back here.
for device in $resumeParameter @resumeDevices@; do
  node=$(resolve_device "$device")
  if [ -n "$node" ] && [ -e /sys/power/resume ]; then
    stat -L -c '%t %T' "$node" | while read -r major minor; do
      echo "$((0x$major)):$((0x$minor))" > /sys/power/resume 2>/dev/null
    done
    break
  fi
done

check_fs() { # DEVICE MOUNTPOINT
  [ "$2" != / ] || [ ! -e /run/skip-fsck ] || return 0
  info "checking $1..."
  e2fsck -y "$1"
  status=$?
  # 0: no errors; 1: corrected; 2: corrected, reboot; 4 and more: the device cannot be used as it is.
  if [ $((status | 2)) = $status ] && [ $status -lt 4 ]; then
    echo "fsck finished, rebooting..."
    sleep 3
    reboot -f
  fi
  if [ $((status | 4)) = $status ]; then
    echo "$1 has unrepaired errors, please fix them manually."
    fail
  fi
  if [ $status -ge 8 ]; then
    echo "fsck on $1 failed."
    fail
  fi
}

mount_fs() { # MOUNTPOINT DEVICE TYPE OPTIONS FLAGS
  point=$1 device=$2 type=$3 options=$4 flags=$5
  case $options in
    *'$targetRoot'*) options=$(echo "$options" | sed "s|\$targetRoot|$targetRoot|g") ;;
  esac
  [ "$options" != - ] || options=defaults

  case ",$options," in
    *,bind,* | *,rbind,*)
      device=$targetRoot$device
      mkdir -p "$device"
      ;;
  esac
  for option in $(echo "$options" | tr ',' ' '); do
    case $option in
      upperdir=* | workdir=*) mkdir -m 0755 -p "${option#*=}" ;;
    esac
  done

  if [ "$flags" != "${flags#*f}" ] && [ -z "$(blkid "$device" 2>/dev/null)" ]; then
    info "making a file system on $device..."
    mke2fs -q -t "$([ "$type" = auto ] && echo ext4 || echo "$type")" -L "$(basename "$point" | sed 's|^/$|root|')" "$device" || fail
  fi
  if [ "$flags" != "${flags#*c}" ]; then
    check_fs "$device" "$point"
  fi
  if [ "$flags" != "${flags#*r}" ]; then
    resize2fs "$device"
  fi

  info "mounting $device on $point..."
  mkdir -p "$targetRoot$point"
  # Options that only systemd or our own scripts understand.
  options=$(echo ",$options," | sed -e 's/,x-[^,]*//g' -e 's/,noauto,/,/' -e 's/,nofail,/,/' -e 's/,auto,/,/' -e 's/,defaults,/,/' -e 's/^,*//' -e 's/,*$//')
  tries=1
  [ "$type" != cifs ] || tries=10
  while :; do
    if [ "$type" = auto ] || [ "$type" = - ] || [ "$type" = none ]; then
      mount ${options:+-o "$options"} "$device" "$targetRoot$point" && return 0
    else
      mount -t "$type" ${options:+-o "$options"} "$device" "$targetRoot$point" && return 0
    fi
    tries=$((tries - 1))
    [ $tries -gt 0 ] || break
    echo "retrying..."
    sleep 1
  done
  fail
}

while read -r point device type options flags; do
  [ -n "$point" ] || continue
  if [ "$point" = / ] && [ -n "$rootParameter" ]; then
    device=$rootParameter
  fi
  resolved=$device
  case $type in
    tmpfs | ramfs | overlay | 9p | virtiofs | nfs* | cifs | proc | sysfs) ;;
    *)
      case ",$options," in
        *,bind,* | *,rbind,*) ;;
        *) wait_device "$device" ;;
      esac
      ;;
  esac
  exec 4<&0 </dev/console
  mount_fs "$point" "$resolved" "$type" "$options" "$flags"
  exec <&4 4<&-
done < /etc/fs-info

@postMountCommands@

[ -z "$debug1mounts" ] || fail

# Stage 2 may be reached through links that are absolute inside the target.
target=$stage2Init
for step in 1 2 3 4 5 6 7 8 9 10; do
  [ -L "$targetRoot$target" ] || break
  link=$(readlink "$targetRoot$target")
  case $link in
    /*) target=$link ;;
    *) target=${target%/*}/$link ;;
  esac
done
if [ ! -e "$targetRoot$target" ] && [ "${target#/nix/var/nix/profiles/}" != "$target" ]; then
  profile=${target%/init}
  store=$(readlink "$targetRoot$profile")
  case $store in
    /*) ;;
    *) store=$(readlink "$targetRoot${profile%/*}/$store") ;;
  esac
  target=$store/init
fi
if [ ! -e "$targetRoot$target" ]; then
  echo "stage 2 init script ($targetRoot$stage2Init) not found"
  fail
fi

trap - 0
mkdir -m 0755 -p $targetRoot/proc $targetRoot/sys $targetRoot/dev $targetRoot/run
mount --move /proc $targetRoot/proc
mount --move /sys $targetRoot/sys
mount --move /dev $targetRoot/dev
mount --move /run $targetRoot/run

exec switch_root $targetRoot "$target"
echo "switch_root failed"
exit 1
