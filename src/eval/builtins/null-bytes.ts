/** Nix strings hold no NUL bytes: texts from outside that do are refused. */

/** The text as it is; otherwise throws what `makeError` makes of C++ Nix's message. */
export function refuseNullBytes(text: string, makeError: (message: string) => unknown): string {
  if (!text.includes('\0')) return text;
  // The symbol for NUL, as UTF-8 bytes.
  const shown = text.replaceAll('\0', '\u00e2\u0090\u0080');
  throw makeError(
    `input string '${shown}' cannot be represented as Nix string because it contains null bytes`,
  );
}
