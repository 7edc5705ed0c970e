# Builder of text files; runs under busybox sh.
# In: $textPath, $executable, $destination, $checkPhase, $shell and $checkPath (for checkPhase).
set -eu
target=$out$destination
case $destination in
  "") ;;
  *) "$busybox" mkdir -p "${target%/*}" ;;
esac
"$busybox" cp "$textPath" "$target"
if [ -n "$executable" ]; then
  "$busybox" chmod 0755 "$target"
else
  "$busybox" chmod 0644 "$target"
fi
if [ -n "$checkPhase" ]; then
  PATH=$checkPath
  export PATH target
  "$shell" -eu -c "$checkPhase"
fi
