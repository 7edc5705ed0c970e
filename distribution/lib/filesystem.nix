# Reading directories at evaluation time.
{ lib }:

let
  inherit (builtins)
    attrNames
    baseNameOf
    concatMap
    dirOf
    filter
    isString
    map
    match
    pathExists
    readDir
    ;
  inherit (lib.strings) hasSuffix removeSuffix;

  # The builtin of newer versions of Nix; in older ones the directory around the path says it.
  typeByDirectory =
    path:
    if dirOf path == path then
      "directory"
    else
      (readDir (dirOf path)).${baseNameOf path}
        or (throw "lib.filesystem.pathType: the path ${toString path} does not exist");
in
rec {
  inherit (builtins)
    baseNameOf
    dirOf
    hashFile
    isPath
    readDir
    ;

  /** What a path is: "regular", "directory", "symlink" or "unknown". It must exist. */
  pathType = builtins.readFileType or typeByDirectory;

  /** Same as `pathType`. */
  readFileType = pathType;

  /** Whether a path exists and is a directory. */
  pathIsDirectory = path: pathExists path && pathType path == "directory";

  /** Whether a path exists and is a regular file. */
  pathIsRegularFile = path: pathExists path && pathType path == "regular";

  /** Directories below a root that hold a Haskell package of their name. */
  haskellPathsInDir =
    root:
    lib.attrsets.filterAttrs (name: path: pathExists (path + "/${name}.cabal")) (
      builtins.mapAttrs (name: _: root + "/${name}") (readDir root)
    );

  /** Nearest directory, from a path upwards, with an entry that a pattern matches: `{ path; matches; }` or null. */
  locateDominatingFile =
    pattern: start:
    let
      upwards =
        dir:
        let
          matches = filter (found: found != null) (map (match pattern) (attrNames (readDir dir)));
        in
        if matches != [ ] then
          {
            path = dir;
            inherit matches;
          }
        else if toString dir == "/" then
          null
        else
          upwards (dirOf dir);
      isDirectory = toString start == "/" || (readDir (dirOf start)).${baseNameOf start} or null == "directory";
    in
    upwards (if isDirectory then start else dirOf start);

  /** All files below a directory. */
  listFilesRecursive =
    dir:
    let
      entries = readDir dir;
    in
    concatMap (
      name: if entries.${name} == "directory" then listFilesRecursive (dir + "/${name}") else [ (dir + "/${name}") ]
    ) (attrNames entries);

  /**
    Packages from a directory: each `NAME.nix` and each directory with `package.nix` is called by `callPackage`;
    other directories become sets, and scopes of their own when `newScope` is given.
  */
  packagesFromDirectoryRecursive =
    {
      callPackage,
      directory,
      newScope ? throw "packagesFromDirectoryRecursive: newScope was not given",
    }@args:
    let
      entry =
        settings: name: type:
        let
          path = directory + "/${name}";
        in
        if type == "directory" then
          { ${name} = packagesFromDirectoryRecursive (settings // { directory = path; }); }
        else if type != "regular" then
          throw "packagesFromDirectoryRecursive: ${toString path} is of the type `${type}', which cannot be a package"
        else if hasSuffix ".nix" name then
          { ${removeSuffix ".nix" name} = settings.callPackage path { }; }
        else
          { };
      entries = settings: lib.attrsets.concatMapAttrs (entry settings) (readDir directory);
    in
    if pathExists (directory + "/package.nix") then
      callPackage (directory + "/package.nix") { }
    else if args ? newScope then
      lib.attrsets.recurseIntoAttrs (
        lib.customisation.makeScope newScope (self: entries (args // { inherit (self) callPackage newScope; }))
      )
    else
      entries args;

  /** File that `import` reads for a path: `default.nix` of a directory. */
  resolveDefaultNix =
    path:
    if pathIsDirectory path then
      path + "/default.nix"
    else if isString path && hasSuffix "/" path then
      path + "default.nix"
    else
      path;
}
