/**
 * What makes the schema: each service's migrations, and the functions that changed since a migration made them. Such functions
 * stand whole, as they are now, in a `.sql` file beside the code that calls them (docs/decisions/0096); its first line says its
 * revision, and what was applied under a revision never changes.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServiceName } from '@countersign/contracts/ledger-entry';

/** Evidence first, then identities, then the stages in the order of a job's walk: a grant names only what stands. */
const ORDER: readonly ServiceName[] = ['audit', 'ingress', 'policy-kernel', 'scheduler', 'approval', 'output-safety'];
const SERVICES_DIR = new URL('../../services/', import.meta.url);
const REVISION = /^-- Revision (\d+)\b/;

export type Migration = {
  /** `<service>/<file>`. */
  readonly name: string;
  readonly sql: string;
};

export type SqlFunctions = {
  /** `<service>/src/…/<file>.sql`. */
  readonly name: string;
  readonly revision: number;
  /** Can be applied again: `CREATE OR REPLACE`, `DROP … IF EXISTS`. */
  readonly sql: string;
};

/** How a database stands to a file: `newer` is a later release's. */
export type Standing = 'missing' | 'applied' | 'changed' | 'newer';

export function readMigrations(): Migration[] {
  return ORDER.flatMap((service) => {
    const dir = new URL(`${service}/migrations/`, SERVICES_DIR);
    if (!existsSync(dir)) return [];
    const files = readdirSync(dir).filter((file) => /^\d{3}-[a-z0-9-]+\.sql$/.test(file));
    return files.sort().map((file) => ({ name: `${service}/${file}`, sql: readFileSync(new URL(file, dir), 'utf8') }));
  });
}

export function readFunctions(): SqlFunctions[] {
  return ORDER.flatMap((service) => {
    const dir = new URL(`${service}/src/`, SERVICES_DIR);
    const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sql'));
    return files.sort().map((file) => functionsOf(`${service}/src/${file}`, readFileSync(new URL(file, dir), 'utf8')));
  });
}

/** Throws where the first line does not say the revision. */
export function functionsOf(name: string, sql: string): SqlFunctions {
  const revision = Number(REVISION.exec(sql)?.[1] ?? 0);
  if (revision === 0) throw new Error(`${name} does not begin with "-- Revision <number>"`);
  return { name, revision, sql };
}

/** `applied`: digests by name, and for functions by name and revision (`recordedName`). */
export function standingOf(file: Migration | SqlFunctions, applied: ReadonlyMap<string, string>): Standing {
  const digest = applied.get(recordedName(file));
  if (digest !== undefined) return digest === digestOf(file.sql) ? 'applied' : 'changed';
  if (!('revision' in file)) return 'missing';
  const other = [...applied.keys()].find((name) => name.startsWith(`${file.name}@`)) ?? '@0';
  return Number(other.slice(other.lastIndexOf('@') + 1)) > file.revision ? 'newer' : 'missing';
}

export function recordedName(file: Migration | SqlFunctions): string {
  return 'revision' in file ? `${file.name}@${file.revision}` : file.name;
}

export function digestOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}
