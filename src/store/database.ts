/**
 * The database of valid paths, `db/db.sqlite`: opening, checking, questions and registration. Settings are C++ Nix's:
 * write-ahead log, `synchronous=normal`, checkpoints every 40,000 pages.
 *
 * All of SQLite's errors leave here as `StoreError`s; damage is always told apart from other failures.
 */
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type DatabaseSyncOptions, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { NixError } from '../diagnostics/index.ts';
import {
  compareStorePaths,
  formatContentAddress,
  formatHash,
  parseContentAddress,
  parsePrefixedHash,
  parseStorePath,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import { writeFileAtomically } from '../platform/index.ts';
import {
  corruptDatabase,
  corruptStateFile,
  databaseBusy,
  databaseError,
  diskFull,
  invalidPath,
  noStore,
  schemaTooNew,
  schemaTooOld,
} from './errors.ts';
import { SCHEMA, SCHEMA_VERSION, TABLES } from './schema.ts';
import type { PathInfo } from './store.ts';

/** How long a writer waits for another one. */
const BUSY_TIMEOUT_MS = 10 * 60 * 1000;
/** Databases up to this size are checked in full when they are opened (some milliseconds). */
const FULL_CHECK_BYTES = 2 * 1024 * 1024;

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

const QUERIES = {
  insertPath:
    'insert into ValidPaths (path, hash, registrationTime, deriver, narSize, ultimate, sigs, ca) values (?, ?, ?, ?, ?, ?, ?, ?)',
  updatePath: 'update ValidPaths set narSize = ?, hash = ?, ultimate = ?, sigs = ?, ca = ? where path = ?',
  insertReference: 'insert or replace into Refs (referrer, reference) values (?, ?)',
  path: 'select id, hash, registrationTime, deriver, narSize, ultimate, sigs, ca from ValidPaths where path = ?',
  id: 'select id from ValidPaths where path = ?',
  references: 'select path from Refs join ValidPaths on reference = id where referrer = ?',
  referrers:
    'select path from Refs join ValidPaths on referrer = id where reference = (select id from ValidPaths where path = ?)',
  deletePath: 'delete from ValidPaths where path = ?',
  insertOutput: 'insert or replace into DerivationOutputs (drv, id, path) values (?, ?, ?)',
  derivers: 'select v.path from DerivationOutputs d join ValidPaths v on d.drv = v.id where d.path = ?',
  outputs: 'select id, path from DerivationOutputs where drv = ?',
  fromHashPart: 'select path from ValidPaths where path >= ? limit 1',
  allPaths: 'select path from ValidPaths',
} as const;

type QueryName = keyof typeof QUERIES;
type Row = Record<string, string | number | null>;

export class StoreDatabase {
  readonly #path: string;
  readonly #storeDir: string;
  readonly #database: DatabaseSync;
  readonly #statements: Partial<Record<QueryName, StatementSync>> = {};

  private constructor(path: string, storeDir: string, database: DatabaseSync) {
    this.#path = path;
    this.#storeDir = storeDir;
    this.#database = database;
  }

  /**
   * Opens (or creates) the database in `dbDir`. The caller holds the big lock, shared at least.
   *
   * @throws StoreError `schema-too-new`, `schema-too-old`, `corrupt-database`, `database-busy`, `database-error`
   */
  static open(dbDir: string, storeDir: string): StoreDatabase {
    const { path, schemaPath, version } = findDatabase(dbDir);
    return opening(path, path, { timeout: BUSY_TIMEOUT_MS }, (database) => {
      database.exec('pragma foreign_keys = 1; pragma synchronous = normal');
      database.exec('pragma main.journal_mode = wal');
      database.exec('pragma main.journal_size_limit = 1099511627776; pragma wal_autocheckpoint = 40000');
      if (version === 0) createSchema(database, schemaPath);
      checkDatabase(path, database);
      return new StoreDatabase(path, storeDir, database);
    });
  }

  /**
   * Opens the database for questions alone, which needs no permission to write. While nobody has it open, no log of
   * recent writes exists, and the file itself is all there is; SQLite must be told so, as it would make a log.
   *
   * @throws StoreError as `open`, and `no-store`
   */
  static openReadOnly(dbDir: string, storeDir: string): StoreDatabase {
    const { path, schemaPath, version } = findDatabase(dbDir);
    if (version === 0) throw noStore(schemaPath);
    const file = existsSync(`${path}-wal`) ? path : `${pathToFileURL(path).href}?immutable=1`;
    return opening(path, file, { readOnly: true, timeout: BUSY_TIMEOUT_MS }, (database) => {
      checkDatabase(path, database);
      return new StoreDatabase(path, storeDir, database);
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  isValid(path: StorePath): boolean {
    return this.#id(path) !== undefined;
  }

  queryPathInfo(path: StorePath): PathInfo | undefined {
    return this.#guarded(() => {
      const row = this.#get('path', this.#print(path));
      if (!row) return undefined;
      const references = this.#paths('references', row['id'] as number);
      return this.#info(path, row, references);
    });
  }

  queryReferrers(path: StorePath): StorePath[] {
    return this.#guarded(() => this.#paths('referrers', this.#print(path)));
  }

  queryAllValidPaths(): StorePath[] {
    return this.#guarded(() => this.#paths('allPaths'));
  }

  queryValidDerivers(path: StorePath): StorePath[] {
    return this.#guarded(() => this.#paths('derivers', this.#print(path)));
  }

  /** @throws StoreError `invalid-path` */
  queryDerivationOutputs(drvPath: StorePath): Map<string, StorePath> {
    return this.#guarded(() => {
      const outputs = new Map<string, StorePath>();
      for (const row of this.#statement('outputs').all(this.#validId(drvPath)) as Row[]) {
        outputs.set(row['id'] as string, this.#parse(row['path'] as string));
      }
      return outputs;
    });
  }

  queryPathFromHashPart(hashPart: string): StorePath | undefined {
    const prefix = `${this.#storeDir}/${hashPart}`;
    return this.#guarded(() => {
      const row = this.#get('fromHashPart', prefix);
      const path = row?.['path'] as string | undefined;
      return path?.startsWith(`${prefix}-`) ? this.#parse(path) : undefined;
    });
  }

  /**
   * Inserts or updates paths and their references, in one transaction. `derivationOutputs` gives the outputs of a
   * `.drv` that is new here.
   *
   * @throws StoreError `invalid-path` when a reference is neither valid nor among `infos`
   */
  register(
    infos: readonly PathInfo[],
    derivationOutputs: (path: StorePath) => ReadonlyMap<string, StorePath>,
  ): void {
    this.transaction(() => {
      for (const info of infos) {
        if (this.isValid(info.path)) this.#update(info);
        else this.#insert(info, info.path.isDerivation ? derivationOutputs(info.path) : new Map());
      }
      for (const info of infos) {
        const referrer = this.#validId(info.path);
        for (const reference of info.references) {
          this.#statement('insertReference').run(referrer, this.#validId(reference));
        }
      }
    });
  }

  /** Updates hash, size, signatures and content address of a valid path. */
  updatePathInfo(info: PathInfo): void {
    this.#guarded(() => this.#update(info));
  }

  /** Makes a path invalid. Its referrers must be gone (or be itself). */
  invalidate(path: StorePath): void {
    this.#guarded(() => this.#statement('deletePath').run(this.#print(path)));
  }

  /** Runs `action` in a transaction that no other writer interrupts; an error rolls it back. */
  transaction<T>(action: () => T): T {
    return this.#guarded(() => {
      this.#database.exec('begin immediate');
      try {
        const result = action();
        this.#database.exec('commit');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('rollback');
        throw error;
      }
    });
  }

  /** All faults that SQLite finds in the file; empty when there are none. Slow on large databases. */
  findFaults(): string[] {
    return this.#guarded(() => integrityFaults(this.#database, 'integrity_check'));
  }

  #insert(info: PathInfo, outputs: ReadonlyMap<string, StorePath>): void {
    const time = info.registrationTimeSeconds || Math.floor(Date.now() / 1000);
    const result = this.#statement('insertPath').run(
      this.#print(info.path),
      formatHash(info.narHash, 'base16', true),
      time,
      info.deriver ? this.#print(info.deriver) : null,
      info.narSizeBytes || null,
      info.ultimate ? 1 : null,
      info.signatures.length > 0 ? info.signatures.join(' ') : null,
      info.contentAddress ? formatContentAddress(info.contentAddress) : null,
    );
    for (const [name, path] of outputs) {
      this.#statement('insertOutput').run(result.lastInsertRowid, name, this.#print(path));
    }
  }

  #update(info: PathInfo): void {
    this.#statement('updatePath').run(
      info.narSizeBytes || null,
      formatHash(info.narHash, 'base16', true),
      info.ultimate ? 1 : null,
      info.signatures.length > 0 ? info.signatures.join(' ') : null,
      info.contentAddress ? formatContentAddress(info.contentAddress) : null,
      this.#print(info.path),
    );
  }

  #info(path: StorePath, row: Row, references: StorePath[]): PathInfo {
    return this.#reading(`the row of '${path.baseName}'`, () => this.#parseInfo(path, row, references));
  }

  #parseInfo(path: StorePath, row: Row, references: StorePath[]): PathInfo {
    const text = (column: string) => (row[column] as string | null) || undefined;
    const deriver = text('deriver');
    const address = text('ca');
    return {
      path,
      narHash: parsePrefixedHash(row['hash'] as string),
      narSizeBytes: (row['narSize'] as number | null) ?? 0,
      references,
      deriver: deriver === undefined ? undefined : this.#parse(deriver),
      registrationTimeSeconds: row['registrationTime'] as number,
      ultimate: row['ultimate'] === 1,
      signatures: text('sigs')?.split(' ') ?? [],
      contentAddress: address === undefined ? undefined : parseContentAddress(address),
    };
  }

  #id(path: StorePath): number | undefined {
    return this.#guarded(() => this.#get('id', this.#print(path))?.['id'] as number | undefined);
  }

  #validId(path: StorePath): number {
    const id = this.#id(path);
    if (id === undefined) throw invalidPath(this.#print(path));
    return id;
  }

  #paths(query: QueryName, ...parameters: (string | number)[]): StorePath[] {
    const rows = this.#statement(query).all(...parameters) as Row[];
    return rows.map((row) => this.#parse(row['path'] as string)).sort(compareStorePaths);
  }

  #get(query: QueryName, ...parameters: (string | number)[]): Row | undefined {
    return this.#statement(query).get(...parameters) as Row | undefined;
  }

  #statement(query: QueryName): StatementSync {
    this.#statements[query] ??= this.#database.prepare(QUERIES[query]);
    return this.#statements[query];
  }

  #print(path: StorePath): string {
    return printStorePath(this.#storeDir, path);
  }

  #parse(text: string): StorePath {
    return this.#reading(`'${text}'`, () => parseStorePath(this.#storeDir, text));
  }

  /** Parses what the database holds: when that fails, the database is at fault. */
  #reading<T>(what: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      throw corruptDatabase(this.#path, `${what}: ${(error as Error).message}`, error);
    }
  }

  #guarded<T>(action: () => T): T {
    return guarded(this.#path, action);
  }
}

/** The database's file, after checking the version of its schema (0: there is none yet). */
function findDatabase(dbDir: string): { path: string; schemaPath: string; version: number } {
  const schemaPath = join(dbDir, 'schema');
  const version = readSchemaVersion(schemaPath);
  if (version > SCHEMA_VERSION) throw schemaTooNew(version, SCHEMA_VERSION);
  if (version > 0 && version < SCHEMA_VERSION) throw schemaTooOld(version);
  const path = join(dbDir, 'db.sqlite');
  if (version > 0 && !existsSync(path)) throw corruptDatabase(path, 'the file is missing');
  return { path, schemaPath, version };
}

/** Opens `file` and prepares it; closes it again when that fails. */
function opening<T>(
  path: string,
  file: string,
  options: DatabaseSyncOptions,
  prepare: (database: DatabaseSync) => T,
): T {
  return guarded(path, () => {
    const database = new DatabaseSync(file, options);
    try {
      return prepare(database);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Creates the tables, then the version file: a crash in between is repeated from the start. */
function createSchema(database: DatabaseSync, schemaPath: string): void {
  database.exec('begin immediate');
  database.exec(SCHEMA);
  database.exec('commit');
  writeFileAtomically(schemaPath, `${SCHEMA_VERSION}`, { mode: 0o644 });
}

function readSchemaVersion(schemaPath: string): number {
  let text: string;
  try {
    text = readFileSync(schemaPath, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  if (!/^[0-9]+\s*$/.test(text)) throw corruptStateFile(schemaPath);
  return Number(text);
}

/** Finds a truncated or emptied file, and in small databases any page that does not fit the others. */
function checkDatabase(path: string, database: DatabaseSync): void {
  const rows = database.prepare("select name from sqlite_schema where type = 'table'").all() as Row[];
  const names = new Set(rows.map((row) => row['name']));
  for (const table of TABLES) {
    if (!names.has(table)) throw corruptDatabase(path, `table '${table}' is missing`);
  }
  const { page_size: pageSize } = database.prepare('pragma page_size').get() as Record<string, number>;
  const { size } = statSync(path);
  if (size % pageSize !== 0) throw corruptDatabase(path, 'the last page is cut');
  if (size > FULL_CHECK_BYTES) return;
  const faults = integrityFaults(database, 'quick_check');
  if (faults.length > 0) throw corruptDatabase(path, faults[0]);
}

function integrityFaults(database: DatabaseSync, pragma: 'quick_check' | 'integrity_check'): string[] {
  const rows = database.prepare(`pragma ${pragma}`).all() as Row[];
  return rows.map((row) => String(row[pragma])).filter((text) => text !== 'ok');
}

/** Runs `action`, turning SQLite's errors into ours. */
function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof NixError) throw error;
    const { errcode } = error as { errcode?: number };
    if (typeof errcode !== 'number') throw error;
    // Extended codes keep the plain one in their low byte.
    const code = errcode & 0xff;
    if (code === SQLITE_BUSY) throw databaseBusy(path, error);
    if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
      throw corruptDatabase(path, (error as Error).message, error);
    }
    if (code === SQLITE_FULL || (code === SQLITE_IOERR && hasNoSpace(path))) throw diskFull(path, error);
    throw databaseError(path, error as Error);
  }
}

/** SQLite tells a full disk as any failed write when it happens to a file beside the database. */
function hasNoSpace(path: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize < 65536;
}
