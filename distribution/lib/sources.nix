# Source trees: which files of a directory become part of the store, and how the result is called.
#
# A filtered source is a set { _isLibCleanSourceWith; origSrc; filter; name; outPath; }: further filters act on the
# original directory, so that it is copied once.
{ lib }:

let
  inherit (builtins)
    all
    any
    baseNameOf
    dirOf
    elem
    filter
    head
    match
    pathExists
    substring
    tail
    ;
  inherit (lib.filesystem) pathIsRegularFile;
  inherit (lib.strings)
    fileContents
    hasPrefix
    hasSuffix
    removePrefix
    removeSuffix
    splitString
    ;

  parts =
    src:
    if src ? _isLibCleanSourceWith then
      { inherit (src) origSrc filter name; }
    else
      {
        origSrc = src;
        filter = _path: _type: true;
        name = "source";
      };

  fromParts =
    { origSrc, filter, name }:
    {
      _isLibCleanSourceWith = true;
      inherit origSrc filter name;
      outPath = builtins.path {
        inherit filter name;
        path = origSrc;
      };
    };

  versionControl = [ ".git" ".svn" ".hg" ".jj" ".pijul" "CVS" "_darcs" ];

  # Git repositories. Each step yields { value; } (the commit) or { error; }.

  # Absolute form of a path that git has written relative to a directory.
  relativeTo = dir: path: if hasPrefix "/" path then path else "${toString dir}/${path}";

  # A linked work tree or submodule has a file `.git` that says where its repository is; the references of a linked
  # work tree are with those of the main one, but its HEAD is its own.
  followGitFile =
    file:
    let
      target = match "gitdir: (.*)" (fileContents file);
      dir = relativeTo (dirOf file) (head target);
    in
    if target == null then
      { error = "the file ${toString file} does not refer to a git directory"; }
    else
      commitOf dir "HEAD";

  refsDirectory =
    dir:
    if pathIsRegularFile (dir + "/commondir") then
      relativeTo dir (removeSuffix "/" (fileContents (dir + "/commondir")))
    else
      dir;

  packedRef =
    dir: name:
    let
      file = dir + "/packed-refs";
      lines = if pathIsRegularFile file then splitString "\n" (builtins.readFile file) else [ ];
      found = filter (commit: commit != null) (map (match "([a-z0-9]+) ${lib.strings.escapeRegex name}") lines);
    in
    if found == [ ] then
      { error = "there is no reference ${name} in the git directory ${toString dir}"; }
    else
      { value = head (head found); };

  commitOf =
    dir: name:
    let
      file = dir + "/${name}";
      content = fileContents file;
      reference = match "ref: (.*)" content;
    in
    if !pathIsRegularFile file then
      if name == "HEAD" then { error = "${toString dir} is not a git directory"; } else packedRef dir name
    else if reference == null then
      { value = content; }
    else
      commitOf (refsDirectory dir) (head reference);

  commitOfRepo = path: if pathExists path && pathIsRegularFile path then followGitFile path else commitOf path "HEAD";

  archiveEndings = [ "git" "tar" "zip" "gz" "tgz" "bz" "tbz" "bz2" "tbz2" "lzma" "txz" "xz" "zstd" ];

  # Glob patterns, component by component; `**` stands for any number of them.
  componentRegex =
    glob:
    builtins.concatStringsSep "" (
      map (piece: if builtins.isList piece then "[^/]*" else lib.strings.escapeRegex piece) (builtins.split "\\*+" glob)
    );
  matchesGlob =
    mayLeadOn: globs: path:
    if path == [ ] then
      # What is in a directory may match although the directory itself is only the front part of a match.
      mayLeadOn || all (glob: glob == "**") globs
    else if globs == [ ] then
      false
    else if head globs == "**" then
      matchesGlob mayLeadOn (tail globs) path || matchesGlob mayLeadOn globs (tail path)
    else
      match (componentRegex (head globs)) (head path) != null && matchesGlob mayLeadOn (tail globs) (tail path);
in
rec {
  inherit (builtins) filterSource;

  /** Filter without version control's files, editors' copies, compiled files and `result` links. */
  cleanSourceFilter =
    path: type:
    let
      name = baseNameOf path;
      isEditorFile = hasSuffix "~" name || match "\\.(.*\\.)?sw[a-z]" name != null;
      isCompiled = hasSuffix ".o" name || hasSuffix ".so" name;
    in
    !(
      (elem name versionControl && (type == "directory" || name == ".git"))
      || isEditorFile
      || isCompiled
      || (type == "symlink" && hasPrefix "result" name)
      || type == "unknown"
    );

  /** Source without what `cleanSourceFilter` leaves out. */
  cleanSource = src: cleanSourceWith { inherit src; filter = cleanSourceFilter; };

  /** Source of the files for which `filter path type` holds, with a name in the store. */
  cleanSourceWith =
    {
      src,
      filter ? _path: _type: true,
      name ? null,
    }:
    let
      old = parts src;
    in
    fromParts {
      inherit (old) origSrc;
      filter = path: type: filter path type && old.filter path type;
      name = if name == null then old.name else name;
    };

  /** Source that prints each question to its filter, and the answer. */
  trace =
    src:
    let
      old = parts src;
    in
    fromParts (
      old
      // {
        filter =
          path: type:
          let
            answer = old.filter path type;
          in
          builtins.trace "${old.name}.filter ${path} = ${lib.trivial.boolToString answer}" answer;
      }
    )
    // {
      satisfiesSubpathInvariant = src.satisfiesSubpathInvariant or false;
    };

  /** Source of the files whose path below it a regular expression matches. Directories need one that matches, too. */
  sourceByRegex =
    src: regexes:
    let
      root = toString (parts src).origSrc + "/";
    in
    cleanSourceWith {
      inherit src;
      filter = path: _type: any (regex: match regex (removePrefix root (toString path)) != null) regexes;
    };

  /** Source of the files that a pattern such as "src/**" or "*.py" matches. */
  sourceByGlobs =
    src: patterns:
    let
      root = toString (parts src).origSrc + "/";
      globs = map (splitString "/") patterns;
    in
    cleanSourceWith {
      inherit src;
      filter =
        path: type:
        let
          components = splitString "/" (removePrefix root (toString path));
        in
        any (glob: matchesGlob (type == "directory" || type == "symlink") glob components) globs;
    };

  /** Source of the files with one of the given endings, in all directories. */
  sourceFilesBySuffices =
    src: endings:
    cleanSourceWith {
      inherit src;
      filter = path: type: type == "directory" || any (ending: hasSuffix ending (baseNameOf path)) endings;
    };

  /** Whether a path is a `.git` with a commit. */
  pathIsGitRepo = path: commitOfRepo path ? value;

  /** Commit that is checked out, of a `.git` directory or file. */
  commitIdFromGitRepo =
    path:
    let
      commit = commitOfRepo path;
    in
    commit.value or (throw "commitIdFromGitRepo: ${commit.error}");

  /** Whether a string refers to store objects. */
  pathHasContext = builtins.hasContext;

  /** Whether a source can be filtered: a directory, or a filtered one, but nothing from the store. */
  canCleanSource = src: src ? _isLibCleanSourceWith || !pathHasContext (toString src);

  /** Short name from a URL: its last component without endings of archives. */
  urlToName =
    url:
    let
      last = lib.lists.last (splitString ":" (toString url));
      strip =
        name:
        let
          shorter = match "(.*)\\.(${builtins.concatStringsSep "|" archiveEndings})" name;
        in
        if shorter == null then name else strip (head shorter);
    in
    strip (baseNameOf (removeSuffix "/" last));

  /** Short form of a revision: seven digits of a commit, the number in a version tag. */
  shortRev =
    rev:
    let
      name = baseNameOf (toString rev);
      version = match "([A-Za-z]+[-_. ]?)*(v)?([0-9.]+.*)" name;
    in
    if match "[a-f0-9]+" name != null then
      substring 0 7 name
    else if version != null then
      lib.lists.last version
    else
      name;

  /** The one of revision and tag that is given, else "HEAD". */
  revOrTag = rev: tag: if tag != null then tag else if rev != null then rev else "HEAD";

  /** Name of a fetched source: "source", or with repository and revision ("versioned"), or the fetcher too ("full"). */
  repoRevToName =
    kind:
    let
      full =
        repo: rev: suffix:
        urlToName repo
        + (if rev == null then "" else "-${shortRev rev}")
        + (if suffix == null then "" else "-${suffix}")
        + "-source";
    in
    {
      source =
        _repo: _rev: _suffix:
        "source";
      versioned =
        repo: rev: _suffix:
        full repo rev null;
      inherit full;
    }
    .${kind} or (throw "repoRevToName: unknown kind `${kind}'; known are source, versioned and full");
}
