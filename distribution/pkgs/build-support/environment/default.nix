/* Trees of links: `buildEnv`, `symlinkJoin`, `linkFarm`.

   The merging itself is done by one program of the bootstrap tools, which makes thousands of links in a moment. Only
   a `postBuild` or inputs bring in the standard environment. */
{
  lib,
  bootstrap,
  system,
  finishDerivation,
  runCommand,
}:

let

  inherit (lib) optionals optionalAttrs concatMap concatMapStrings;

  perl = script: [ "-I${bootstrap.tools}/share/perl" "-I${./.}" "${./.}/${script}" ];

  program = "${bootstrap.tools}/bin/perl";

  # The outputs of a package that an environment shows, with its priority.
  chosen = extraOutputs: package:
    let
      priority = toString (package.meta.priority or 5);
      wanted = (if package.outputSpecified or false then [ ] else package.meta.outputsToInstall or [ "out" ]) ++ extraOutputs;
      main =
        if !lib.isAttrs package || package.outputSpecified or false then [ package ]
        else map (output: package.${output}) (builtins.filter (output: package ? ${output}) (lib.unique wanted));
    in
    map (output: "${priority} ${output}\n") main;

  mergeAttrs =
    { name, sources, pathsToLink, ignoreCollisions, extraPrefix, deep, manifest ? "", ignoreSingleFileOutputs ? false }:
    {
      inherit name pathsToLink extraPrefix deep manifest ignoreSingleFileOutputs;
      ignoreCollisions = toString ignoreCollisions;
      passAsFile = [ "sources" ];
      sources = lib.concatStrings sources;
      preferLocalBuild = true;
      allowSubstitutes = false;
    };

  # Without shell commands the merge is the whole builder.
  build = { attrs, postBuild, inputs, meta, passthru }:
    if postBuild == "" && inputs == { } then
      finishDerivation {
        inherit meta passthru;
        attrs = attrs // {
          inherit system;
          builder = program;
          args = perl "build-env.pl";
        };
      }
    else
      runCommand attrs.name (attrs // inputs // {
        inherit meta passthru;
        passAsFile = attrs.passAsFile ++ [ "buildCommand" ];
      }) ''
        ${program} ${lib.escapeShellArgs (perl "build-env.pl")}
        ${postBuild}
      '';

  # A directory of links, from a list of { name; path; }.
  farm = name: entries:
    finishDerivation {
      passthru.entries = builtins.listToAttrs (map ({ name, path }: lib.nameValuePair name path) entries);
      meta = { };
      attrs = {
        inherit name system;
        builder = program;
        args = perl "link-farm.pl";
        passAsFile = [ "entries" ];
        entries = concatMapStrings ({ name, path }: "${name}\t${path}\n") entries;
        preferLocalBuild = true;
        allowSubstitutes = false;
      };
    };

in
{
  /* One tree of links to several packages, as a profile or `environment.systemPackages` shows them. */
  buildEnv = lib.makeOverridable (
    {
      name,
      paths,
      manifest ? "",
      pathsToLink ? [ "/" ],
      extraOutputsToInstall ? [ ],
      ignoreCollisions ? false,
      checkCollisionContents ? true,
      ignoreSingleFileOutputs ? false,
      includeClosures ? false,
      extraPrefix ? "",
      postBuild ? "",
      nativeBuildInputs ? [ ],
      buildInputs ? [ ],
      passthru ? { },
      meta ? { },
    }:
    build {
      inherit postBuild meta;
      attrs = mergeAttrs {
        inherit name pathsToLink extraPrefix manifest ignoreSingleFileOutputs;
        ignoreCollisions = if ignoreCollisions == true then 1 else if ignoreCollisions == false then 0 else ignoreCollisions;
        deep = false;
        sources = concatMap (chosen extraOutputsToInstall) (builtins.filter (path: path != null) (lib.flatten paths));
      };
      inputs = optionalAttrs (nativeBuildInputs != [ ]) { inherit nativeBuildInputs; }
        // optionalAttrs (buildInputs != [ ]) { inherit buildInputs; };
      passthru = passthru // { inherit paths; };
    }
  );

  /* All files of several packages, in real directories; of equal names the first package's is used. */
  symlinkJoin =
    args@{
      name ? if args ? pname && args ? version then "${args.pname}-${args.version}" else throw "symlinkJoin needs 'name'",
      paths,
      preferLocalBuild ? true,
      allowSubstitutes ? false,
      stripPrefix ? "",
      postBuild ? "",
      meta ? { },
      passthru ? { },
      ...
    }:
    build {
      inherit postBuild meta;
      passthru = passthru // { inherit paths; };
      attrs = mergeAttrs {
        inherit name;
        sources = map (path: "5 ${path}${stripPrefix}\n") (lib.flatten paths);
        pathsToLink = [ "/" ];
        ignoreCollisions = 2;
        extraPrefix = "";
        deep = true;
      };
      inputs = removeAttrs args [
        "name" "pname" "version" "paths" "preferLocalBuild" "allowSubstitutes" "stripPrefix" "postBuild" "meta" "passthru"
      ];
    };

  /* A directory of links: `linkFarm "name" { NAME = PATH; }`, or a list of `{ name; path; }`. */
  linkFarm = name: entries:
    farm name (if lib.isAttrs entries then lib.mapAttrsToList (name: path: { inherit name path; }) entries else entries);

  /* `linkFarm` of derivations under their own names. */
  linkFarmFromDrvs = name: drvs: farm name (map (drv: { inherit (drv) name; path = drv; }) drvs);
}
