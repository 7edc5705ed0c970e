# Hashes in other notations, in the language itself: the builtin of this name is newer than Nix 2.8.
#
# Notations: base16, nix32 (also called base32), base64 and SRI ("sha256-" and base64). A hash becomes a list of
# bytes, and the bytes become text. nix32 writes five bits a digit, the last bits first, and leaves out the
# letters e, o, u and t.
{ lib }:

let
  inherit (builtins)
    bitAnd
    bitOr
    concatStringsSep
    elemAt
    genList
    listToAttrs
    match
    stringLength
    substring
    ;

  lengths = {
    md5 = 16;
    sha1 = 20;
    sha256 = 32;
    sha512 = 64;
    blake3 = 32;
  };

  digits16 = "0123456789abcdef";
  digits32 = "0123456789abcdfghijklmnpqrsvwxyz";
  digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  powers = [ 1 2 4 8 16 32 64 128 256 512 1024 2048 4096 8192 ];
  left = n: by: n * elemAt powers by;
  right = n: by: n / elemAt powers by;

  charAt = text: i: substring i 1 text;
  values =
    alphabet:
    listToAttrs (
      genList (i: {
        name = charAt alphabet i;
        value = i;
      }) (stringLength alphabet)
    );
  values16 = values digits16;
  values32 = values digits32;
  values64 = values digits64;

  ceilDiv = a: b: (a + b - 1) / b;
  length32 = bytes: ceilDiv (bytes * 8) 5;
  length64 = bytes: ceilDiv bytes 3 * 4;

  # Text to bytes. Each takes the number of bytes.

  from16 =
    size: text:
    genList (i: 16 * values16.${charAt text (2 * i)} + values16.${charAt text (2 * i + 1)}) size;

  # Digit n, counted from the end, holds the bits from 5 * n on.
  from32 =
    size: text:
    let
      last = stringLength text - 1;
      digit = n: if n > last then 0 else values32.${charAt text (last - n)};
      byte =
        i:
        let
          first = i * 8 / 5;
          offset = lib.trivial.mod (i * 8) 5;
          # Three digits hold all bits of any byte.
          bits = digit first + left (digit (first + 1)) 5 + left (digit (first + 2)) 10;
        in
        bitAnd 255 (right bits offset);
    in
    genList byte size;

  from64 =
    size: text:
    let
      digit = i: if charAt text i == "=" then 0 else values64.${charAt text i};
      byte =
        i:
        let
          at = i / 3 * 4;
          bits = left (digit at) 12 * 64 + left (digit (at + 1)) 12 + left (digit (at + 2)) 6 + digit (at + 3);
        in
        bitAnd 255 (bits / elemAt [ 65536 256 1 ] (lib.trivial.mod i 3));
    in
    genList byte size;

  # Bytes to text.

  to16 =
    bytes:
    lib.strings.concatMapStrings (b: charAt digits16 (b / 16) + charAt digits16 (bitAnd 15 b)) bytes;

  to32 =
    bytes:
    let
      size = builtins.length bytes;
      byte = i: if i >= size then 0 else elemAt bytes i;
      digits = length32 size;
      digit =
        position:
        let
          n = digits - 1 - position;
          first = n * 5 / 8;
          offset = lib.trivial.mod (n * 5) 8;
        in
        charAt digits32 (bitAnd 31 (bitOr (right (byte first) offset) (right (left (byte (first + 1)) 8) offset)));
    in
    concatStringsSep "" (genList digit digits);

  to64 =
    bytes:
    let
      size = builtins.length bytes;
      byte = i: if i >= size then 0 else elemAt bytes i;
      group =
        g:
        let
          at = g * 3;
          bits = byte at * 65536 + byte (at + 1) * 256 + byte (at + 2);
          digit = i: charAt digits64 (bitAnd 63 (bits / elemAt [ 262144 4096 64 1 ] i));
          real = lib.trivial.min 3 (size - at);
        in
        concatStringsSep "" (genList (i: if i <= real then digit i else "=") 4);
    in
    concatStringsSep "" (genList group (ceilDiv size 3));

  parse =
    text: algorithm:
    let
      sri = match "(md5|sha1|sha256|sha512|blake3)-([A-Za-z0-9+/]+=*)" text;
      prefixed = match "(md5|sha1|sha256|sha512|blake3):(.*)" text;
      name = if sri != null then elemAt sri 0 else if prefixed != null then elemAt prefixed 0 else algorithm;
      digest = if sri != null then elemAt sri 1 else if prefixed != null then elemAt prefixed 1 else text;
      size = lengths.${name} or (throw "convertHash: unknown hash algorithm `${name}'");
      n = stringLength digest;
      lower = lib.strings.toLower digest;
    in
    if name == null then
      throw "convertHash: the hash `${text}' does not say its algorithm, and `hashAlgo' is not given"
    else if algorithm != null && algorithm != name then
      throw "convertHash: the hash `${text}' is not of the algorithm `${algorithm}'"
    else
      {
        inherit name;
        bytes =
          if sri == null && n == 2 * size && match "[0-9a-f]*" lower != null then
            from16 size lower
          else if sri == null && n == length32 size && match "[${digits32}]*" digest != null then
            from32 size digest
          else if n == length64 size then
            from64 size digest
          else
            throw "convertHash: `${text}' is not a hash of the algorithm `${name}' in any notation";
      };
in
/** Hash in another notation: `{ hash; hashAlgo; toHashFormat; }`; `hashAlgo` may be left out where the hash says it. */
{
  hash,
  hashAlgo ? null,
  toHashFormat,
}:
let
  parsed = parse hash hashAlgo;
in
{
  base16 = to16 parsed.bytes;
  base32 = to32 parsed.bytes;
  nix32 = to32 parsed.bytes;
  base64 = to64 parsed.bytes;
  sri = "${parsed.name}-${to64 parsed.bytes}";
}
.${toHashFormat} or (throw "convertHash: unknown notation `${toHashFormat}'; known are base16, nix32, base64 and sri")
