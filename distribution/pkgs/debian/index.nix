/* The channel's package index, read lazily.

   The channel generator splits the archive's index into 4,096 shards: the entry of a name stands in the file
   named after the first three hexadecimal digits of the name's MD5. A shard is imported when a name of it is
   asked for, so that a system reads a few hundred small files instead of 69,000 entries. */
{
  # Directory made by the channel generator (`debian/` of a channel tree).
  indexDir,
}:

let

  hexDigits = [ "0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "a" "b" "c" "d" "e" "f" ];

  shardNames = builtins.concatMap (a: builtins.concatMap (b: map (c: a + b + c) hexDigits) hexDigits) hexDigits;

  shardOf = name: builtins.substring 0 3 (builtins.hashString "md5" name);

  # An empty shard has no file.
  importShard = kind: shard:
    let file = indexDir + "/${kind}/${shard}.nix"; in if builtins.pathExists file then import file else { };

  # One attribute per shard, so that each file is imported once and only when needed.
  shardsOf = kind: builtins.listToAttrs (map (shard: { name = shard; value = importShard kind shard; }) shardNames);

  shards = shardsOf "shards";
  sourceShards = shardsOf "sources";

  find = table: name: table.${shardOf name}.${name} or null;

in
{
  /* Facts about the release: suite, architecture, nixSystem, date, mirrors, essential. */
  channel = import (indexDir + "/channel.nix");

  /* All real package names, sorted. */
  names = import (indexDir + "/names.nix");

  /* Virtual package name -> the real package that the resolver chose for it. */
  provides = import (indexDir + "/provides.nix");

  /* Member -> name of its strongly connected component. */
  components = import (indexDir + "/groups.nix");

  /* The index entry of a real package, or null. */
  entry = find shards;

  /* The index entry of a source package, or null. */
  source = find sourceShards;

  /* From a function (name -> entry -> value) a function (name -> value) that makes each value once; null for names
     that are not in the index. */
  memoise = make:
    let table = builtins.mapAttrs (_shard: builtins.mapAttrs make) shards; in find table;
}
