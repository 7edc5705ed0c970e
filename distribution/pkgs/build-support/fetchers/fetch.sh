# Downloads the first of $urls that answers to $out, or to $downloadedFile when $postFetch makes the output of it.
downloadedFile=$out
if [ -n "${downloadToTemp-}" ]; then downloadedFile=$TMPDIR/file; fi

tryUrl() {
  message "trying '$1'"
  local -a options=()
  concatTo options curlOpts
  eval "options+=(${curlOptsList-})"
  curl --location --fail --show-error --silent --retry 3 --connect-timeout 15 --disable-epsv \
    --user-agent "firn" "${options[@]}" --output "$downloadedFile" -- "$1"
}

fetched=
for url in $urls; do
  if tryUrl "$url"; then
    fetched=$url
    break
  fi
done
[ -n "$fetched" ] || fail "cannot download '$name' from any of: $urls"
if [ -n "${executable-}" ]; then chmod +x "$downloadedFile"; fi
runHook postFetch
