/** What evaluation asks to be fetched (`fetchurl`, `fetchTree`, flakes): brought into the session's store. */
import { join } from 'node:path';
import { NixError, Verbosity } from '../diagnostics/index.ts';
import type { FetchRequest, FetchResult } from '../eval/index.ts';
import { defaultUrlFetcherSettings, InputFetcher, UrlFetcher } from '../fetchers/index.ts';
import { missingFeature } from '../inputs/index.ts';
import type { Session } from './session.ts';
import { cacheDirectory } from './store-location.ts';

/** The fetcher of a session; its connections are kept until it is disposed. */
export class EvaluationFetcher implements Disposable {
  readonly #downloads: UrlFetcher;
  readonly #inputs: InputFetcher;

  constructor(session: Session, env: NodeJS.ProcessEnv, signal: AbortSignal) {
    const { settings, store, logger } = session;
    const features = new Set(settings['experimental-features']);
    this.#downloads = new UrlFetcher({
      ...defaultUrlFetcherSettings,
      attempts: settings['download-attempts'],
      proxyEnvironment: proxies(env),
    });
    this.#inputs = new InputFetcher(
      {
        store,
        downloads: this.#downloads,
        cacheDirectory: cacheDirectory(env),
        ttlSeconds: settings['tarball-ttl'],
        features,
        warnDirty: settings['warn-dirty'],
        allowDirty: settings['allow-dirty'],
        signal,
        env,
        toRealPath: (path) => session.realPath(path),
        warn: (message) => logger.log(Verbosity.warn, `warning: ${message}`),
      },
      {
        flags: [],
        userFile: join(configDirectory(env), 'nix/registry.json'),
        systemFile: join(env['NIX_CONF_DIR'] ?? '/etc/nix', 'registry.json'),
        global: settings['flake-registry'],
      },
    );
  }

  [Symbol.dispose](): void {
    this.#downloads[Symbol.dispose]();
  }

  /** @throws NixError when it cannot be had, or is not what was promised */
  async fetch(request: FetchRequest): Promise<FetchResult> {
    switch (request.kind) {
      case 'url':
      case 'tarball': {
        const { kind, url, name, sha256 } = request;
        const digest = sha256 === undefined ? undefined : new Uint8Array(Buffer.from(sha256, 'hex'));
        const path = await this.#inputs.fetchUrl(kind, url, name, digest);
        return { storePath: this.#inputs.printPath(path), attrs: {} };
      }
      case 'tree': {
        const { path, attrs, resolved, dir } = await this.#inputs.fetch(request.attrs, request.registries);
        const storePath = this.#inputs.printPath(path);
        return { storePath, attrs, resolved: { attrs: resolved.attrs, ...(dir !== undefined && { dir }) } };
      }
      case 'closure':
        throw new NixError(`cannot fetch a closure from '${request.fromStore}'`, {
          cause: missingFeature('fetch-closure'),
        });
    }
  }
}

function configDirectory(env: NodeJS.ProcessEnv): string {
  return env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? '/', '.config');
}

function proxies(env: NodeJS.ProcessEnv): Record<string, string> {
  const found = Object.entries(env).filter(([name]) => /^(https?|all|no)_proxy$/i.test(name));
  return Object.fromEntries(found) as Record<string, string>;
}
