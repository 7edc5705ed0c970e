/** Which addresses restricted evaluation may fetch from: those that `allowed-uris` names, and files that it may read. */
import { BadUrl, parseUrl, urlPath } from '../../inputs/index.ts';
import { evalError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';

/** @throws EvalError "access to URI 'x' is forbidden in restricted mode" */
export function checkUri(runtime: Runtime, uri: string): void {
  if (!runtime.settings.restrictEval || isAllowed(uri, runtime.settings.allowedUris)) return;
  const path = uri.startsWith('/') ? uri : pathOfFileUrl(uri);
  if (path !== undefined) {
    runtime.checkPath(path, 0);
    return;
  }
  throw evalError(`access to URI '${uri}' is forbidden in restricted mode`, 0, { code: 'restricted' });
}

/** Equal to a prefix or below it: `https://a.org` allows `https://a.org/x`, not `https://a.organic`. */
function isAllowed(uri: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => {
    if (uri === prefix) return true;
    if (prefix === '' || !uri.startsWith(prefix)) return false;
    const isWholeScheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:$/.test(prefix);
    return prefix.endsWith('/') || uri[prefix.length] === '/' || isWholeScheme;
  });
}

function pathOfFileUrl(uri: string): string | undefined {
  try {
    const url = parseUrl(uri);
    return url.scheme === 'file' ? urlPath(url) : undefined;
  } catch (error) {
    if (error instanceof BadUrl) return undefined;
    throw error;
  }
}
