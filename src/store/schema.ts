/**
 * The tables of a store's database: schema 10, shared with C++ Nix 2.0 and later, so names, types, keys and the
 * trigger are given.
 *
 * - `ValidPaths`: one row per valid path. `hash` is `sha256:BASE16` of the NAR; `sigs` are separated by spaces; null
 *   in `narSize`, `ultimate`, `sigs`, `ca` means unknown, no, none, none.
 * - `Refs`: who refers to whom. A path that others refer to cannot be deleted; a self-reference must not stand in the
 *   way, hence the trigger.
 * - `DerivationOutputs`: the output paths of each valid `.drv`.
 */

/** The version in the file `db/schema`. */
export const SCHEMA_VERSION = 10;

/** Creates what is missing. */
export const SCHEMA = `
create table if not exists ValidPaths (
  id integer primary key autoincrement not null,
  path text unique not null,
  hash text not null,
  registrationTime integer not null,
  deriver text,
  narSize integer,
  ultimate integer,
  sigs text,
  ca text
);
create table if not exists Refs (
  referrer integer not null,
  reference integer not null,
  primary key (referrer, reference),
  foreign key (referrer) references ValidPaths(id) on delete cascade,
  foreign key (reference) references ValidPaths(id) on delete restrict
);
create index if not exists IndexReferrer on Refs(referrer);
create index if not exists IndexReference on Refs(reference);
create trigger if not exists DeleteSelfRefs before delete on ValidPaths
begin
  delete from Refs where referrer = old.id and reference = old.id;
end;
create table if not exists DerivationOutputs (
  drv integer not null,
  id text not null,
  path text not null,
  primary key (drv, id),
  foreign key (drv) references ValidPaths(id) on delete cascade
);
create index if not exists IndexDerivationOutputs on DerivationOutputs(path);
create table if not exists SchemaMigrations (migration text primary key not null);
`;

/** Tables that every database of this schema has. */
export const TABLES = ['ValidPaths', 'Refs', 'DerivationOutputs'] as const;
