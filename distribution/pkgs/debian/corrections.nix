/* What relocation alone does not get right, by package.

   `depends`: further packages whose libraries or programs it needs (names that the archive lacks are passed over);
   `setup`: Perl code, run in the relocated tree at the end (see relocate/Corrections.pm for what it can use);
   `optionalLibraries`: pattern of needed libraries that may be absent. */
{ triplet }:

let

  table = { };

in
name: table.${name} or { }
