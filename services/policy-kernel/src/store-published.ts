/** SQL of what was published: by version, by snapshot, as a list; and of what shadows. */
import type { Tx } from '@countersign/platform/database';
import { anyOf, queriesOver, read, readBy, sql } from '@countersign/platform/queries';
import type { Tables } from './tables.ts';

export type Published = Tables['policy.published'] & { document: string };
/** `activated`: at any time, anywhere. */
export type ListedBundle = Tables['policy.published'] & { activated: boolean };

const tables = queriesOver<Tables>();
// Named one by one: the result of a prepared statement must not change when a migration adds a column.
const COLUMNS = [
  'p.bundle_id',
  'p.version',
  'p.snapshot',
  'p.scopes',
  'p.not_before',
  'p.not_after',
  'p.key_ids',
  'p.published_by',
  'p.published_at',
] as const;

const published = readBy(({ scopes, version }: { scopes: readonly string[]; version: number }) =>
  tables
    .selectFrom('policy.versions as v')
    .innerJoin('policy.published as p', 'p.bundle_id', 'v.bundle_id')
    .innerJoin('policy.bundles as b', 'b.bundle_id', 'v.bundle_id')
    .select(COLUMNS)
    .select('b.document')
    .where('v.scope', '=', anyOf(scopes))
    .where('v.version', '=', version)
    .orderBy(sql`array_position(${scopes}::text[], v.scope)`)
    .limit(sql.lit(1)),
);

const listed = tables
  .selectFrom('policy.published as p')
  .select(COLUMNS)
  .select(({ exists, selectFrom }) =>
    exists(selectFrom('policy.activations as a').whereRef('a.snapshot', '=', 'p.snapshot'))
      .$castTo<boolean>()
      .as('activated'),
  );

const bySnapshot = readBy(({ snapshot }: { snapshot: string }) => listed.where('p.snapshot', '=', snapshot));

const newest = readBy(({ scopes }: { scopes: readonly string[] }) =>
  tables
    .selectFrom('policy.versions')
    .select((of) => of.fn.max('version').$castTo<number | null>().as('version'))
    .where('scope', '=', anyOf(scopes)),
);

export type StoredShadow = Tables['policy.shadows'] & { version: number; snapshot: string };

const shadows = readBy(() =>
  tables
    .selectFrom('policy.shadows as s')
    .innerJoin('policy.published as p', 'p.bundle_id', 's.bundle_id')
    .select(['s.scope', 's.bundle_id', 'p.version', 'p.snapshot', 's.until', 's.set_by'])
    .where('s.until', '>', sql<string>`clock_timestamp()`)
    .orderBy('s.scope'),
);

const documentOf = readBy(({ bundle_id }: { bundle_id: number }) =>
  tables.selectFrom('policy.bundles').select('document').where('bundle_id', '=', bundle_id),
);

/** `scopes` in the order of preference. */
export async function readPublished(tx: Tx, scopes: readonly string[], version: number): Promise<Published | null> {
  const [row] = await published(tx, { scopes, version });
  return row ?? null;
}

export async function readBySnapshot(tx: Tx, snapshot: string): Promise<ListedBundle | null> {
  const [row] = await bySnapshot(tx, { snapshot });
  return row ?? null;
}

/** Newest first; `before` is the last bundle id of the page before. */
export function listPublished(
  tx: Tx,
  scopes: readonly string[],
  before: number | null,
  limit: number,
): Promise<ListedBundle[]> {
  let page = listed.where('p.scopes', '&&', sql<string[]>`${scopes}`);
  if (before !== null) page = page.where('p.bundle_id', '<', before);
  return read(tx, page.orderBy('p.bundle_id', 'desc').limit(limit));
}

/** 0 when nothing was ever published for any of them. */
export async function newestVersion(tx: Tx, scopes: readonly string[]): Promise<number> {
  const [row] = await newest(tx, { scopes });
  return row!.version ?? 0;
}

/** Those that have not ended. */
export function readShadows(tx: Tx): Promise<StoredShadow[]> {
  return shadows(tx, {});
}

export async function readDocument(tx: Tx, bundle_id: number): Promise<string | null> {
  const [row] = await documentOf(tx, { bundle_id });
  return row?.document ?? null;
}
