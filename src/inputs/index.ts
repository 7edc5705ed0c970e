/** Inputs and flake references: what names a source tree. Pure: nothing here is fetched. */
export {
  attrsFromJson,
  attrsToJson,
  booleanAttr,
  equalAttrs,
  type InputAttr,
  type InputAttrs,
  integerAttr,
  requiredStringAttr,
  sortedNames,
  stringAttr,
  withoutAttrs,
} from './attrs.ts';
export {
  type FlakeFiles,
  FlakeRef,
  type FlakeRefOptions,
  parseFlakeRef,
  parseFlakeRefWithFragment,
  type RefAndFragment,
} from './flake-ref.ts';
export { fixGitUrl, isLegalRefName, revisionPattern } from './git-names.ts';
export { Input, missingFeature } from './input.ts';
export { narHashOf, narHashText, parseRevision, revisionOf, sameNarHash } from './scheme.ts';
export { BadUrl, type ParsedUrl, parseUrl, printUrl, urlPath } from './url.ts';
