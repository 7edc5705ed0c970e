# How alike two strings are. Used by error messages to name what may have been meant.
{ lib }:

let
  inherit (builtins)
    elemAt
    foldl'
    genList
    stringLength
    substring
    ;
  inherit (lib.trivial) max min;

  # Number of leading positions at which a test holds, at most `limit`.
  countWhile =
    limit: test:
    let
      from = i: if i < limit && test i then from (i + 1) else i;
    in
    from 0;

  shorter = a: b: min (stringLength a) (stringLength b);
  charAt = text: i: substring i 1 text;
  charFromEnd = text: i: substring (stringLength text - 1 - i) 1 text;
in
rec {
  /** Length of what two strings have in common at the front. */
  commonPrefixLength = a: b: countWhile (shorter a b) (i: charAt a i == charAt b i);

  /** Length of what two strings have in common at the end. */
  commonSuffixLength = a: b: countWhile (shorter a b) (i: charFromEnd a i == charFromEnd b i);

  /** Edit distance: how many characters must be inserted, removed or replaced. Row by row, O(length a * length b). */
  levenshtein =
    a: b:
    let
      width = stringLength b + 1;
      firstRow = genList (j: j) width;
      # Distances from the first i + 1 characters of `a` to every front part of `b`; each cell refers to its left one.
      nextRow =
        above: i:
        let
          row = genList (
            j:
            if j == 0 then
              i + 1
            else
              min (1 + min (elemAt above j) (elemAt row (j - 1))) (
                elemAt above (j - 1) + (if charAt a i == charAt b (j - 1) then 0 else 1)
              )
          ) width;
        in
        # Computed now, or thunks over thunks would pile up.
        builtins.deepSeq row row;
    in
    elemAt (foldl' nextRow firstRow (genList (i: i) (stringLength a))) (width - 1);

  /** Whether the edit distance is at most `limit`; cheap for strings of very different lengths. */
  levenshteinAtMost =
    limit: a: b:
    let
      lengthGap = max (stringLength a - stringLength b) (stringLength b - stringLength a);
      front = commonPrefixLength a b;
      a' = substring front (-1) a;
      b' = substring front (-1) b;
      back = commonSuffixLength a' b';
      middle = text: substring 0 (stringLength text - back) text;
    in
    if limit <= 0 then
      a == b
    else if lengthGap > limit then
      false
    else
      levenshtein (middle a') (middle b') <= limit;
}
