/* Which packages become one store path.

   Strongly connected components must, because store paths cannot refer to each other in a circle: the channel lists
   them. Others should, because their programs look for their own parts beside themselves: the interpreter of Python
   and its library, the parts of GCC. These are found by walking the dependencies of a root package along names that
   match a pattern, so that no version stands here. */
{ entry, components }:

let

  # The packages that a walk from `root` along names that match `along` reaches, sorted; none without a root.
  walk = along: root:
    if entry root == null then [ ]
    else
      builtins.sort builtins.lessThan (map (item: item.key) (builtins.genericClosure {
        startSet = [ { key = root; } ];
        operator = item:
          map (key: { inherit key; }) (builtins.filter (name: builtins.match along name != null) (entry item.key).depends);
      }));

  # `about`: names that the rule may concern; `root`: where the walk begins; `otherRoots`: from the pattern's groups,
  # further roots for versions that are not the default.
  rule = { about, along, root, otherRoots }:
    let
      ofRoot = walk along root;
    in
    name:
    let
      groups = builtins.match about name;
      candidates = [ ofRoot ] ++ map (walk along) (otherRoots groups);
    in
    if groups == null then [ ]
    else builtins.filter (members: builtins.length members > 1 && builtins.elem name members) candidates;

  rules = [
    (rule {
      about = "(lib)?(python3([.][0-9]+)?)(-minimal|-stdlib)?";
      along = "(lib)?python3([.][0-9]+)?(-minimal|-stdlib)?";
      root = "python3";
      otherRoots = groups: [ (builtins.elemAt groups 1) ];
    })
    (rule {
      about = "(gcc|g[+][+]|cpp|libgcc|libstdc[+][+])(-([0-9]+))?(-dev)?(-[a-z0-9_-]+-linux-gnu)?";
      along = "(gcc|g[+][+]|cpp|libgcc|libstdc[+][+])(-[0-9]+)?(-dev)?(-[a-z0-9_-]+-linux-gnu)?";
      root = "g++";
      otherRoots = groups:
        let version = builtins.elemAt groups 2;
        in if version == null then [ ] else [ "g++-${version}" "gcc-${version}" ];
    })
  ];

  # Spares most names the patterns.
  mayMerge = name: builtins.elem (builtins.substring 0 4 name) [ "pyth" "libp" "gcc" "gcc-" "g++" "g++-" "cpp" "cpp-" "libg" "libs" ];

  mergedWith = name: if mayMerge name then builtins.concatMap (find: find name) rules else [ ];

  componentMembers = builtins.groupBy (name: components.${name}) (builtins.attrNames components);

in
{
  /* The members of the store path that has the package `name`, sorted; just itself for most. */
  membersOf = name:
    let merged = mergedWith name;
    in
    if merged != [ ] then builtins.head merged
    else if components ? ${name} then componentMembers.${components.${name}}
    else [ name ];
}
