# Merges the declared users and groups into the account files: update-users.sh SPECIFICATION mutable|fixed PERL
# The specification's records are made in users-groups.nix. What was declared is remembered in /var/lib/nixos, so that an
# account that is no longer declared goes away, and so that a number, once given, is never given to another name.
set -e
specification=$1
mutable=$2
perl=$3
state=/var/lib/nixos
mkdir -p "$state" /etc

declare -A gidOf uidOf passwdOf shadowOf membersOf usedUid usedGid oldUser oldGroup uidMap gidMap
declare -A newGroup newPasswd newShadow declaredUser declaredGroup
currentGroups=() currentUsers=() groupOrder=() userOrder=()

# What is there now.
if [ -e /etc/group ]; then
  while IFS=: read -r name _ gid members; do
    [ -n "$name" ] || continue
    currentGroups+=("$name")
    gidOf[$name]=$gid
    membersOf[$name]=$members
    usedGid[$gid]=1
  done < /etc/group
fi
if [ -e /etc/passwd ]; then
  while IFS= read -r line; do
    IFS=: read -r name _ uid _ <<< "$line"
    [ -n "$name" ] || continue
    currentUsers+=("$name")
    uidOf[$name]=$uid
    passwdOf[$name]=$line
    usedUid[$uid]=1
  done < /etc/passwd
fi
if [ -e /etc/shadow ]; then
  while IFS= read -r line; do
    shadowOf[${line%%:*}]=$line
  done < /etc/shadow
fi

# What was declared last time, and every number ever given.
remembered() { # FILE ARRAY
  local -n into=$2
  local name value
  [ -e "$state/$1" ] || return 0
  while read -r name value; do
    into[$name]=${value:-1}
  done < "$state/$1"
}
remembered declarative-users oldUser
remembered declarative-groups oldGroup
remembered uid-map uidMap
remembered gid-map gidMap
for name in "${!uidMap[@]}"; do usedUid[${uidMap[$name]}]=1; done
for name in "${!gidMap[@]}"; do usedGid[${gidMap[$name]}]=1; done

# Fixed numbers are taken before any is given away.
while IFS=$'\t' read -r kind name id _; do
  [ "$id" != - ] || continue
  if [ "$kind" = user ]; then usedUid[${id#=}]=1; else usedGid[${id#=}]=1; fi
done < "$specification"

allocate() { # USED-ARRAY system|normal: the number is left in $allocated
  local -n used=$1
  local id
  if [ "$2" = normal ]; then
    for ((id = 1000; id < 30000; id++)); do
      [ -n "${used[$id]}" ] || { used[$id]=1; allocated=$id; return; }
    done
  else
    for ((id = 499; id >= 400; id--)); do
      [ -n "${used[$id]}" ] || { used[$id]=1; allocated=$id; return; }
    done
    for ((id = 999; id >= 500; id--)); do
      [ -n "${used[$id]}" ] || { used[$id]=1; allocated=$id; return; }
    done
  fi
  echo "error: out of free UIDs or GIDs" >&2
  exit 1
}

choose() { # MAP CURRENT USED FIXED NAME KIND: the number is left in $allocated
  local -n map=$1 current=$2
  local name=$5
  if [ "$4" != - ]; then
    allocated=${4#=}
    if [ -n "${current[$name]}" ] && [ "${current[$name]}" != "$allocated" ]; then
      echo "warning: not applying the change of the number of '$name' from ${current[$name]} to $allocated; files of it would get lost" >&2
      allocated=${current[$name]}
    fi
  elif [ -n "${current[$name]}" ]; then
    allocated=${current[$name]}
  elif [ -n "${map[$name]}" ]; then
    allocated=${map[$name]}
  else
    allocate "$3" "$6"
  fi
  map[$name]=$allocated
}

hash_password() {
  # The program's own modules are not needed: `crypt` is built in, and the C library knows the method by its prefix.
  printf '%s\n' "$1" | "$perl" -e '
    chomp(my $password = <STDIN>);
    open(my $random, "<", "/dev/urandom") or die "no random numbers: $!\n";
    read($random, my $bytes, 16) == 16 or die "no random numbers\n";
    my @letters = (".", "/", 0 .. 9, "A" .. "Z", "a" .. "z");
    print crypt($password, q($6$) . join("", map { $letters[ord($_) % 64] } split(//, $bytes)) . q($)), "\n";'
}

# Groups first: users refer to them.
declare -A declaredMembers
while IFS=$'\t' read -r kind name id members; do
  [ "$kind" = group ] || continue
  choose gidMap gidOf usedGid "$id" "$name" system
  declaredGroup[$name]=1
  declaredMembers[$name]=${members#=}
  gidMap[$name]=$allocated
  groupOrder+=("$name")
done < "$specification"

while IFS=$'\t' read -r kind name _; do
  [ "$kind" != user ] || declaredUser[$name]=1
done < "$specification"

for name in "${groupOrder[@]}"; do
  members=${declaredMembers[$name]}
  if [ "$mutable" = mutable ]; then
    # Members that were added by hand stay; whether declared users are members is declared as well.
    IFS=, read -r -a present <<< "${membersOf[$name]}"
    for member in "${present[@]}"; do
      [ -n "$member" ] && [ -z "${declaredUser[$member]}" ] && [ -z "${oldUser[$member]}" ] || continue
      case ",$members," in
        *",$member,"*) ;;
        *) members=${members:+$members,}$member ;;
      esac
    done
  fi
  newGroup[$name]="$name:x:${gidMap[$name]}:$members"
done
for name in "${currentGroups[@]}"; do
  [ -z "${declaredGroup[$name]}" ] || continue
  if [ "$mutable" = mutable ] && [ -z "${oldGroup[$name]}" ]; then
    newGroup[$name]="$name:x:${gidOf[$name]}:${membersOf[$name]}"
    groupOrder+=("$name")
  else
    echo "removing group '$name'"
  fi
done

# The password of an account; `!` locks it.
password_of() { # NAME HASHED PLAIN FILE INITIAL-HASHED INITIAL-PLAIN: left in $password
  local current=
  if [ -n "${shadowOf[$1]}" ]; then
    IFS=: read -r _ current _ <<< "${shadowOf[$1]}"
  fi
  if [ -n "${passwdOf[$1]}" ] && [ -n "${shadowOf[$1]}" ] && [ "$mutable" = mutable ]; then
    password=$current
  elif [ "$4" != - ]; then
    if [ -e "${4#=}" ]; then
      IFS= read -r password < "${4#=}" || true
    else
      echo "warning: password file '${4#=}' of user '$1' does not exist" >&2
      password=!
    fi
  elif [ "$3" != - ]; then
    password=$(hash_password "${3#=}")
  elif [ "$2" != - ]; then
    password=${2#=}
  elif [ "$mutable" = mutable ] && [ "$6" != - ]; then
    password=$(hash_password "${6#=}")
  elif [ "$mutable" = mutable ] && [ "$5" != - ]; then
    password=${5#=}
  else
    password=!
  fi
}

homes=()
while IFS=$'\t' read -r kind name id group home shell description class createHome hashed plain file initialHashed initialPlain; do
  [ "$kind" = user ] || continue
  choose uidMap uidOf usedUid "$id" "$name" "$class"
  uid=$allocated
  gid=${gidMap[${group#=}]}
  shellPath=${shell#=}
  newPasswd[$name]="$name:x:$uid:$gid:${description#=}:${home#=}:$shellPath"
  userOrder+=("$name")
  password_of "$name" "$hashed" "$plain" "$file" "$initialHashed" "$initialPlain"
  rest=1::::::
  if [ -n "${shadowOf[$name]}" ]; then
    IFS=: read -r _ _ rest <<< "${shadowOf[$name]}"
  fi
  newShadow[$name]="$name:$password:$rest"
  [ "$createHome" = - ] || homes+=("$uid:$gid:$createHome:${home#=}")
done < "$specification"

for name in "${currentUsers[@]}"; do
  [ -z "${declaredUser[$name]}" ] || continue
  if [ "$mutable" = mutable ] && [ -z "${oldUser[$name]}" ]; then
    newPasswd[$name]=${passwdOf[$name]}
    newShadow[$name]=${shadowOf[$name]:-"$name:!:1::::::"}
    userOrder+=("$name")
  else
    echo "removing user '$name'"
  fi
done

write() { # FILE MODE GROUP: standard input replaces the file in one step
  cat > "$1.tmp"
  chown "0:$3" "$1.tmp"
  chmod "$2" "$1.tmp"
  mv -f "$1.tmp" "$1"
}
for name in "${groupOrder[@]}"; do printf '%s\n' "${newGroup[$name]}"; done | write /etc/group 0644 0
for name in "${userOrder[@]}"; do printf '%s\n' "${newPasswd[$name]}"; done | write /etc/passwd 0644 0
for name in "${userOrder[@]}"; do printf '%s\n' "${newShadow[$name]}"; done | write /etc/shadow 0640 "${gidMap[shadow]:-0}"

names() {
  local -n array=$1
  [ ${#array[@]} = 0 ] || printf '%s\n' "${!array[@]}"
}
pairs() {
  local -n array=$1
  local name
  for name in "${!array[@]}"; do printf '%s %s\n' "$name" "${array[$name]}"; done
}
names declaredUser | write "$state/declarative-users" 0644 0
names declaredGroup | write "$state/declarative-groups" 0644 0
pairs uidMap | write "$state/uid-map" 0644 0
pairs gidMap | write "$state/gid-map" 0644 0

for entry in "${homes[@]}"; do
  IFS=: read -r uid gid mode home <<< "$entry"
  if [ ! -e "$home" ]; then
    mkdir -p "$home"
    chown "$uid:$gid" "$home"
    chmod "$mode" "$home"
  fi
done
