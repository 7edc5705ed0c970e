/* Makes one package of the archive: a derivation that relocates its .deb, with nixpkgs' attributes around it. */
{
  system,
  platform,
  bootstrap,
  fetchDeb,
  # Index entry of a real name, or null.
  entryOf,
  # Package of a real name, or null.
  find,
  # Names that share a store path with a name.
  membersOf,
  # Name -> what relocation alone does not get right.
  corrections,
}:

let

  # "1:2.0~rc1-3" -> "2.0-rc1-3": store names allow neither an epoch's ":" nor "~".
  storeVersion = version:
    let parts = builtins.match "[0-9]+:(.*)" version;
    in builtins.replaceStrings [ "~" ":" ] [ "-" "-" ] (if parts == null then version else builtins.head parts);

  # What is corrected in the store path of several packages: all that is corrected in any of them.
  correctionOf = members:
    let all = builtins.filter (correction: correction != { }) (map corrections members);
    in
    if all == [ ] then { }
    else if builtins.length all == 1 then builtins.head all
    else {
      depends = builtins.concatMap (correction: correction.depends or [ ]) all;
      without = if builtins.any (correction: correction.without or [ ] == true) all then true
        else builtins.concatMap (correction: correction.without or [ ]) all;
      setup = builtins.concatStringsSep "\n" (map (correction: correction.setup or "") all);
      optionalLibraries = builtins.concatStringsSep "|"
        (builtins.filter (pattern: pattern != "") (map (correction: correction.optionalLibraries or "") all));
    };

  # First of a group: it owns the store path.
  leaderOf = name: builtins.head (membersOf name);

  unresolved = name: entry: throw ''
    the package '${name}' cannot be installed: its dependency '${builtins.head entry.missing}' is not in the archive
    hint: this is an error in the Debian release; another package may do the same'';

  checked = name: let entry = entryOf name; in if entry ? missing then unresolved name entry else entry;

  # Names of the store paths that the members depend on, sorted.
  leadersOf = members: correction:
    let
      without = correction.without or [ ];
      declared = if without == true then [ ] else builtins.concatMap (name: (checked name).depends) members;
      needed = if without == [ ] || without == true then declared else builtins.filter (name: !builtins.elem name without) declared;
      names = builtins.filter (name: entryOf name != null) (needed ++ correction.depends or [ ]);
      leaders = builtins.listToAttrs
        (builtins.concatMap (name: let leader = leaderOf name; in if builtins.elem name members then [ ] else [ { name = leader; value = null; } ]) names);
    in
    builtins.attrNames leaders;

  dependsOf = members: correction: map find (leadersOf members correction);

  # Essential interpreters are nobody's declared dependency. They are offered to all packages but those that they need
  # themselves.
  interpreters = builtins.filter (name: entryOf name != null) [ "bash" "dash" "perl-base" ];

  belowInterpreters = builtins.listToAttrs (map (item: { name = item.key; value = null; }) (builtins.genericClosure {
    startSet = map (key: { inherit key; }) (map leaderOf interpreters);
    operator = item: map (key: { inherit key; }) (leadersOf (membersOf item.key) (correctionOf (membersOf item.key)));
  }));

  relocated = name: members: correction: overrides:
    let
      depends = dependsOf members correction ++ overrides.extraDepends or [ ];
      setup = correction.setup or "" + overrides.setup or "";
      optional = overrides.optionalLibraries or correction.optionalLibraries or "";
    in
    derivation ({
      name = "${name}-${storeVersion (entryOf name).version}";
      inherit system;
      inherit (platform) triplet loader machine;
      builder = "${bootstrap.tools}/bin/perl";
      args = [ "-I${bootstrap.tools}/share/perl" "-I${./relocate}" "${./relocate}/relocate.pl" ];
      inherit (bootstrap) tools busybox;
      inherit members;
      debs = map (member: fetchDeb (entryOf member)) members;
      depends = map (package: package.outPath) depends;
      preferLocalBuild = true;
    } // (if belowInterpreters ? ${name} then { } else { interpreters = map (name: (find name).outPath) interpreters; })
    // (if optional == "" then { } else { optionalLibraries = optional; })
    // (if setup == "" then { } else { inherit setup; }));

  meta = name: entry: {
    inherit name;
    inherit (entry) description;
    section = entry.section or "";
    platforms = [ system ];
    available = !(entry ? missing);
    outputsToInstall = [ "out" ];
    position = entry.file;
  } // (if entry ? homepage then { inherit (entry) homepage; } else { });

  # `drv`: the derivation; `make`: overrides -> package.
  decorate = name: entry: members: correction: overrides: drv:
    let
      change = f:
        let
          old = package // drv.drvAttrs;
          new = f old;
          attrs = drv.drvAttrs // builtins.removeAttrs new [ "meta" "passthru" "pname" "version" ];
        in
        decorate name entry members correction overrides (derivation attrs)
        // (if new ? meta then { meta = package.meta // new.meta; } else { })
        // new.passthru or { };
      passthru = {
        # Without the epoch; Debian's own is debian.version.
        version = storeVersion entry.version;
        pname = name;
        meta = meta name entry;
        debian = entry // { inherit name members; };
        debianName = name;
        debs = map (member: fetchDeb (entryOf member)) members;
        depends = dependsOf members correction;
        override = new:
          make name entry (overrides // (if builtins.isFunction new then new overrides else new));
        overrideAttrs = change;
        overrideDerivation = change;
        inherit passthru;
      };
      package = drv // passthru;
    in
    package;

  make = name: entry: overrides:
    let
      members = membersOf name;
      leader = builtins.head members;
      correction = correctionOf members;
      drv =
        if overrides != { } || leader == name then relocated leader members correction overrides
        else (find leader).relocated;
      package = decorate name entry members correction overrides drv;
    in
    package // { relocated = drv; };

in
name: entry: make name entry { }
