/** Every error this part raises. Messages are a contract: lower case, the value quoted, what was expected. */
import { NixError, suggestNear, UsageError } from '../diagnostics/index.ts';

const tryAnotherMirror =
  "the former channel stays in place; try again later, or set 'debian-mirror' to another mirror";

/** No archive is known (`failures` is empty), or none of the known ones serves the suite. */
export const noMirror = (archive: string, setting: string, suite: string, failures: readonly string[]) =>
  new NixError(
    failures.length === 0
      ? `no mirror of the ${archive} archive is configured`
      : `no mirror of the ${archive} archive serves the suite '${suite}': ${failures.join('; ')}`,
    {
      code: 'channel-no-mirror',
      hint: `set '${setting}' to the URL of a mirror ('--option ${setting} URL', or the environment variable ${environmentName(setting)})`,
    },
  );

const environmentName = (setting: string) => `FIRN_${setting.replaceAll('-', '_').toUpperCase()}`;

/** The fetchers' error with what to do about it for a channel. */
export function withMirrorHint(error: unknown): unknown {
  if (error instanceof NixError && error.code === 'download-failed') error.hint = tryAnotherMirror;
  return error;
}

export const localFileUnreadable = (url: string, cause: unknown) =>
  new NixError(`cannot read '${url}': ${(cause as Error).message}`, {
    code: 'download-failed',
    hint: tryAnotherMirror,
    cause,
  });

export const sizeMismatch = (url: string, expected: number, got: number) =>
  new NixError(`size mismatch in '${url}': the signed index says ${expected} bytes, got ${got}`, {
    code: 'channel-size-mismatch',
    hint: tryAnotherMirror,
  });

export const hashMismatch = (url: string, expected: string, got: string) =>
  new NixError(`hash mismatch in '${url}': the signed index says sha256 '${expected}', got '${got}'`, {
    code: 'channel-hash-mismatch',
    hint: tryAnotherMirror,
  });

export const notSigned = (where: string) =>
  new NixError(`'${where}' is not a signed release file: expected a clear-signed OpenPGP message`, {
    code: 'channel-not-signed',
    hint: 'a captive portal or a wrong mirror path gives such answers; check the mirror setting',
  });

export const badSignature = (where: string, reason: string, trusted: readonly string[]) =>
  new NixError(
    `no valid signature by a trusted key on '${where}': ${reason}; trusted ${trusted.length === 1 ? 'is' : 'are'} ${trusted.map((key) => `'${key}'`).join(', ') || 'none'}`,
    {
      code: 'channel-bad-signature',
      hint: "the former channel stays in place; for an archive with keys of its own set 'debian-keyring' to its keyring file",
    },
  );

export const unreadableKeyring = (path: string, cause: unknown) =>
  new NixError(`cannot read the keyring '${path}': expected OpenPGP public keys`, {
    code: 'channel-bad-keyring',
    hint: "check the setting 'debian-keyring'",
    cause,
  });

export const malformedIndex = (where: string, problem: string) =>
  new NixError(`malformed index '${where}': ${problem}`, {
    code: 'channel-malformed-index',
    hint: tryAnotherMirror,
  });

export const missingIndex = (suite: string, path: string) =>
  new NixError(`the signed release file of '${suite}' lists no '${path}' in a known compression`, {
    code: 'channel-missing-index',
    hint: 'the architecture or component may not exist in this suite',
  });

export const wrongSuite = (where: string, wanted: string, got: string) =>
  new NixError(`'${where}' is the release file of '${got}', expected '${wanted}'`, {
    code: 'channel-wrong-suite',
    hint: tryAnotherMirror,
  });

export const badDate = (where: string, field: string, value: string | undefined) =>
  new NixError(
    `'${where}' has ${value === undefined ? 'no' : 'the bad'} date '${value ?? field}' in '${field}'`,
    {
      code: 'channel-bad-date',
      hint: tryAnotherMirror,
    },
  );

export const olderThanLocked = (suite: string, date: string, locked: string) =>
  new NixError(
    `the release file of '${suite}' is of ${date}, older than the one this channel has (${locked}): refused, because an attacker could hide security updates so`,
    {
      code: 'channel-rollback',
      hint: "the mirror may lag behind: try again later or set 'debian-mirror'; 'nix-channel --rollback' goes back on purpose",
    },
  );

export const expired = (suite: string, date: string, age: string, limit: string) =>
  new NixError(
    `the release file of '${suite}' is of ${date} and expired ${age} ago, more than 'channel-max-age' allows (${limit})`,
    {
      code: 'channel-too-old',
      hint: "the mirror may stand still: set 'debian-mirror' to another one, or raise 'channel-max-age'",
    },
  );

export const unknownChannel = (url: string, names: readonly string[]) => {
  const near = suggestNear(url, names);
  return new UsageError(
    `unknown Debian channel '${url}': expected one of ${names.map((name) => `'${name}'`).join(', ')}`,
    {
      code: 'channel-unknown',
      hint: near.length > 0 ? `did you mean '${near[0]}'?` : undefined,
    },
  );
};

export const unsupportedArchitecture = (system: string, known: readonly string[]) =>
  new NixError(
    `a Debian channel cannot be made for the system '${system}': expected one of ${known.map((name) => `'${name}'`).join(', ')}`,
    {
      code: 'channel-unsupported-system',
    },
  );

export const badPackageFile = (where: string, problem: string) =>
  new NixError(`cannot unpack '${where}': ${problem}`, {
    code: 'channel-bad-package',
    hint: 'its hash was right, so the archive itself holds a file that Firn cannot read: please report it',
  });

export const missingBootstrapPackage = (name: string, suite: string) =>
  new NixError(`the suite '${suite}' has no package '${name}', which the first derivations need`, {
    code: 'channel-missing-bootstrap',
  });

export const missingBootstrapFile = (name: string, path: string) =>
  new NixError(`the package '${name}' has no file '${path}', which the first derivations need`, {
    code: 'channel-missing-bootstrap',
  });

export const badDecompression = (where: string, reason: string) =>
  new NixError(`cannot decompress '${where}': ${reason}`, {
    code: 'channel-bad-compression',
    hint: tryAnotherMirror,
  });

export const missingBootstrapLibrary = (name: string, library: string) =>
  new NixError(`no dependency of the package '${name}' has the library '${library}'`, {
    code: 'channel-missing-bootstrap',
  });

export const badChannelUrl = (url: string) =>
  new UsageError(`invalid channel URL '${url}'`, {
    code: 'channel-bad-url',
    hint: "expected 'debian:RELEASE' (such as 'debian:trixie'), or a URL that begins with https://, http:// or file://",
  });

export const badChannelName = (name: string) =>
  new UsageError(`invalid channel identifier '${name}'`, {
    code: 'channel-bad-name',
    hint: "expected letters, digits, '_', '.' and '-', such as 'nixos'",
  });

export const badTarball = (where: string, problem: string) =>
  new NixError(`cannot unpack the channel '${where}': ${problem}`, {
    code: 'bad-tarball',
    hint: 'expected a tarball with one directory at its top',
  });

export const noSuchChannel = (name: string, known: readonly string[]) => {
  const near = suggestNear(name, known);
  return new UsageError(`there is no channel '${name}' in the list`, {
    code: 'channel-not-subscribed',
    hint: near.length > 0 ? `did you mean '${near[0]}'?` : "see 'nix-channel --list'",
  });
};
