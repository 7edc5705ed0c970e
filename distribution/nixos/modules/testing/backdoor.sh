# The guest's side of the test driver's backdoor: reads commands from a virtio-serial port, runs them as root, sends back
# exit status and output.
#
#     guest -> driver   ready BOOTID
#     driver -> guest   run ID TIMEOUT COMMANDBYTES INPUTBYTES, then those bytes
#     guest -> driver   done ID STATUS OUTPUTBYTES, then those bytes
#
# A timeout of 0 is none.  Errors of commands go to the machine's console.

port=${1:?the port is missing}
directory=/run/test-backdoor
mkdir -p -m 0700 "$directory"
# On a slow machine udev may take minutes to get here; a time-out of systemd's would end the test.
until [ -c "$port" ]; do
  sleep 0.2
done
exec 3<>"$port"

[ ! -r /etc/profile ] || . /etc/profile
# Nobody is there to page for.
export USER=root HOME=/root DISPLAY=:0.0 PAGER= SYSTEMD_PAGER=
cd /root 2>/dev/null || cd /

read -r bootId </proc/sys/kernel/random/boot_id
printf 'ready %s\n' "$bootId" >&3

while IFS=' ' read -r word id limit commandBytes inputBytes <&3; do
  [ "$word" = run ] || continue
  head -c "$commandBytes" <&3 >"$directory/command"
  head -c "$inputBytes" <&3 >"$directory/input"
  # A new file each time: what a command leaves running may still write to its own.
  rm -f "$directory/output"
  status=0
  if [ "$limit" = 0 ]; then
    bash "$directory/command" <"$directory/input" >"$directory/output" 3>&- || status=$?
  else
    timeout -k 5 "$limit" bash "$directory/command" <"$directory/input" >"$directory/output" 3>&- || status=$?
  fi
  exec 4<"$directory/output"
  size=$(stat -L -c %s /proc/self/fd/4 <&4)
  printf 'done %s %s %s\n' "$id" "$status" "$size" >&3
  head -c "$size" <&4 >&3
  exec 4<&-
done
