/**
 * SQL of a search: newest first, along the index that has a tenant's jobs in this order, or along the one that has those of a
 * run. The filters judge what is found there, and one page looks at `search_rows` jobs, so that none reads a whole listing.
 */
import type { JobView } from '@countersign/contracts/job';
import { type JobSearch, RUN_LABEL, splitLabel } from '@countersign/contracts/job-search';
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import { queriesOver, read, sql } from '@countersign/platform/queries';
import type { Tables } from '../tables.ts';
import { toView, VIEW } from './store-views.ts';

export type Place = { created_at: string; job_id: string };
type Search = JobSearch & {
  tenant: string;
  /** The job that the page starts behind. */
  after: Place | null;
  rows: number;
};
type Found = {
  jobs: JobView[];
  /** The last job that was looked at, where the search goes on behind it; null when all were looked at. */
  looked_to: Place | null;
};

const PLACES = queriesOver<Tables>()
  .selectFrom('scheduler.jobs')
  .select(['created_at', 'job_id'])
  .orderBy('created_at', 'desc')
  .orderBy('job_id', 'desc');

export async function searchJobs(tx: Tx, search: Search): Promise<Found> {
  const wanted = filters(search);
  const looked_to = wanted.length === 0 ? null : await lastLookedAt(tx, search);
  let query = VIEW.orderBy('created_at', 'desc').orderBy('job_id', 'desc').limit(search.rows);
  const bounds = [...along(search), ...(looked_to === null ? [] : [place(looked_to, '>=')])];
  for (const one of [...bounds, ...wanted]) query = query.where(one);
  return { jobs: (await read(tx, query)).map(toView), looked_to };
}

/** Of those that the page looks at; null when all that are left are fewer. */
async function lastLookedAt(tx: Tx, search: Search): Promise<Place | null> {
  let query = PLACES.offset(LIMITS.search_rows - 1).limit(1);
  for (const one of along(search)) query = query.where(one);
  return (await read(tx, query))[0] ?? null;
}

/** What the indexes have. */
function along({ tenant, run, from, to, after }: Search) {
  return [
    // In the collation of the indexes that have them in this order, and of no other.
    sql<boolean>`tenant COLLATE "C" = ${tenant}`,
    ...(run === undefined ? [] : [sql<boolean>`labels LIKE '%"run":%'`, hasLabel({ key: RUN_LABEL, value: run })]),
    ...(from === undefined ? [] : [sql<boolean>`created_at >= ${from}`]),
    ...(to === undefined ? [] : [sql<boolean>`created_at < ${to}`]),
    ...(after === null ? [] : [place(after, '<')]),
  ];
}

function place({ created_at, job_id }: Place, how: '<' | '>=') {
  return sql<boolean>`(created_at, job_id) ${sql.raw(how)} (${created_at}, ${job_id})`;
}

function filters({ state, topic, actor, rule, decision, pool, label }: Search) {
  const columns = { state, actor: actor ?? undefined, rule_id: rule, decision, pool };
  const given = Object.entries(columns).filter(([, value]) => value !== undefined);
  return [
    ...given.map(([column, value]) => sql<boolean>`${sql.ref(column)} = ${value}`),
    ...(topic === undefined ? [] : [sql<boolean>`topic ~ ${topicExpression(topic)}`]),
    ...(label === undefined ? [] : [hasLabel(splitLabel(label))]),
  ];
}

/** The key stands in the text: an index is of one key, and no parameter. It is a label's, which is checked. */
function hasLabel({ key, value }: { key: string; value: string }) {
  return sql<boolean>`(labels::jsonb ->> ${sql.lit(key)}) = ${value}`;
}

/** `*` is one token; as the last one, one or more (contracts/control.ts). */
function topicExpression(pattern: string): string {
  const tokens = pattern.split('.');
  const last = tokens.length - 1;
  return `^${tokens.map((each, i) => (each !== '*' ? each : i === last ? '.+' : '[^.]+')).join('\\.')}$`;
}
