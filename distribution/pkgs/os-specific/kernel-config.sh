# Makes .config from $baseConfig, $always and the user's settings, and checks that the user's stand.
cp "$baseConfig" .config
chmod u+w .config

# Lines "NAME VALUE" -> "CONFIG_NAME=VALUE", the form of .config.
assignments() {
  local name value
  while read -r name value; do
    case $name in "" | \#*) continue ;; esac
    value=${value%\?}
    case $value in
      n) echo "# CONFIG_$name is not set" ;;
      y | m | \"* | [0-9]*) echo "CONFIG_$name=$value" ;;
      *) echo "CONFIG_$name=\"$value\"" ;;
    esac
  done
}

{
  assignments <<<"$always"
  assignments <"$settingsPath"
} >changes
# Later lines win; the same name twice would only be a warning.
while IFS= read -r line; do
  name=${line#\# }
  name=${name%%[= ]*}
  sed -i "/^$name=/d;/^# $name is not set\$/d" .config
  printf '%s\n' "$line" >>.config
done <changes
make olddefconfig

failed=
while IFS= read -r line; do
  case $line in
    \#*)
      name=${line#\# }
      name=${name%% *}
      grep -q "^$name=" .config && failed="$failed $line;"
      ;;
    *) grep -qxF "$line" .config || failed="$failed $line;" ;;
  esac
done < <(assignments <"$settingsPath")
if [ -n "$failed" ]; then
  echo "error: the kernel's own rules do not allow these settings:$failed" >&2
  exit 1
fi
