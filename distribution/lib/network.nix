# IPv6 addresses.
{ lib }:

let
  inherit (builtins)
    elemAt
    filter
    genList
    head
    length
    map
    match
    ;
  inherit (lib.strings) concatMapStringsSep splitString toLower;
  inherit (lib.trivial) fromHexString toHexString;

  invalid = text: why: throw "`${text}' is not a valid IPv6 address: ${why}";

  # Groups between single colons; "" has none.
  groups = text: if text == "" then [ ] else splitString ":" text;

  isGroup = group: match "[0-9A-Fa-f]{1,4}" group != null;

  # The eight groups of an address, each as a number. `::` stands for as many zeros as are missing.
  parse =
    address:
    let
      halves = splitString "::" address;
      front = groups (head halves);
      back = groups (elemAt halves 1);
      given = if length halves == 1 then front else front ++ back;
      missing = 8 - length given;
      full = if length halves == 1 then front else front ++ genList (_: "0") missing ++ back;
      bad = filter (group: !isGroup group) given;
    in
    if length halves > 2 then
      invalid address "`::' occurs more than once"
    else if bad != [ ] then
      invalid address "`${head bad}' is not a group of one to four hexadecimal digits"
    else if length full != 8 || (length halves == 2 && missing < 1) then
      invalid address "it has ${toString (length given)} groups, but eight are expected"
    else
      map fromHexString full;

  prefixOf =
    text: digits:
    let
      n = lib.strings.toInt digits;
    in
    if n < 1 || n > 128 then invalid text "the prefix length must be between 1 and 128" else n;
in
{
  ipv6 = {
    /** Address and prefix length of "ADDRESS" or "ADDRESS/LENGTH"; the address is written with all its groups. */
    fromString =
      text:
      let
        parts = splitString "/" text;
      in
      if length parts > 2 then
        invalid text "there is more than one slash"
      else
        {
          address = concatMapStringsSep ":" (group: toLower (toHexString group)) (parse (head parts));
          prefixLength = if length parts == 1 then 128 else prefixOf text (elemAt parts 1);
        };

    /** Last 64 bits of an address, made from a network card's MAC address (EUI-64). */
    mkEUI64Suffix =
      mac:
      let
        octet = "([0-9A-Fa-f]{2})";
        octets = match (builtins.concatStringsSep "[-:.]?" (genList (_: octet) 6)) mac;
        at = elemAt octets;
        # The bit that says "assigned locally" is turned around.
        first = toHexString (lib.trivial.bitXor 512 (fromHexString (at 0 + at 1)));
      in
      if octets == null then
        throw "`${mac}' is not a valid MAC address: six pairs of hexadecimal digits are expected"
      else
        toLower "${first}:${at 2}ff:fe${at 3}:${at 4}${at 5}";
  };
}
