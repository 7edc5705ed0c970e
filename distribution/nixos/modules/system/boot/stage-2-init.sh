#!@shell@
# Stage 2 of the boot, and the init of containers.

systemConfig=@out@
export PATH=@path@
console=tty1

if [ -z "$container" ]; then
  printf '\033[1;32m<<< NixOS Stage 2 >>>\033[0m\n\n'
fi

# What the kernel or stage 1 has not mounted yet.
if [ ! -e /proc/1 ]; then
  mkdir -m 0555 -p /proc
  mount -n -t proc -o nosuid,noexec,nodev proc /proc
fi
if [ -z "$container" ]; then
  mountpoint -q /sys || { mkdir -m 0555 -p /sys; mount -t sysfs -o nosuid,noexec,nodev sysfs /sys; }
  [ -c /dev/null ] || { mkdir -m 0755 -p /dev; mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev; }
  mountpoint -q /run || { mkdir -m 0755 -p /run; mount -t tmpfs -o nosuid,nodev,mode=0755,size=@runSize@ tmpfs /run; }
  mount -o remount,size=@runSize@ /run
  mount -o remount,size=@devShmSize@ /dev/shm 2>/dev/null
  # The kernel mounts the root read-only when there was no stage 1.
  mount -n -o remount,rw / 2>/dev/null
fi

# Names that udev would make, and that the scripts below use.
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
[ -e /dev/stdin ] || ln -s /proc/self/fd/0 /dev/stdin
[ -e /dev/stdout ] || ln -s /proc/self/fd/1 /dev/stdout
[ -e /dev/stderr ] || ln -s /proc/self/fd/2 /dev/stderr

# A container sees its host's parameters: they are not meant for it.
options=()
[ -n "$container" ] || read -r -a options < /proc/cmdline
for option in "${options[@]}"; do
  case $option in
    boot.trace | debugtrace | boot.debugtrace) set -x ;;
    console=*)
      console=${option#console=}
      console=${console%%,*}
      ;;
    systemConfig=*) systemConfig=${option#systemConfig=} ;;
    resume=*) ;;
  esac
done

mkdir -m 0755 -p /etc /var /tmp
chmod 1777 /tmp
# Units that wait for an update of /etc or /var would redo at every first boot what the store holds already.
: > /etc/.updated
: > /var/.updated

# The store: readable by all, writable by nobody but who mounts it so.
if [ -n "@readOnlyStore@" ] && [ -z "$container" ]; then
  mountpoint -q /nix/store || mount --bind /nix/store /nix/store
  mount -o remount,ro,bind /nix/store
fi

mkdir -m 0755 -p /nix/var/nix/gcroots
if [ -n "@cleanTmp@" ]; then
  echo "cleaning '/tmp'..."
  find /tmp -mindepth 1 -maxdepth 1 -xdev -exec rm -rf --one-file-system {} +
fi

rm -rf /var/run /run/current-system /run/booted-system 2>/dev/null
ln -sfnT "$systemConfig" /run/booted-system
ln -sfnT "$systemConfig" /run/current-system
[ -e /etc/resolv.conf ] || [ -L /etc/resolv.conf ] || : > /etc/resolv.conf

echo "running activation script..."
"$systemConfig/activate"

. @postBootCommands@

echo "starting systemd..."
# A variable `container`, even an empty one, tells systemd that it is in one; the host waits for news at NOTIFY_SOCKET.
exec env -i ${container:+container="$container"} ${container_uuid:+container_uuid="$container_uuid"} \
  ${NOTIFY_SOCKET:+NOTIFY_SOCKET="$NOTIFY_SOCKET"} PATH=/run/current-system/systemd/lib/systemd:/run/wrappers/bin:/usr/sbin:/usr/bin \
  LOCALE_ARCHIVE=/run/current-system/sw/lib/locale/locale-archive \
  /run/current-system/systemd/lib/systemd/systemd "$@"
