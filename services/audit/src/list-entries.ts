/**
 * Answers what an auditor asks of the sealed entries, by any of what they say. It shows a tenant its own and what concerns
 * every tenant, and looks at a bounded number of leaves for each question, however few of them fit.
 */
import type { EvidenceQuestion } from '@countersign/contracts/evidence';
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { ReplayPage } from '@countersign/contracts/replay';
import type { Tx } from '@countersign/platform/database';
import { showEntry } from './show-entry.ts';
import type { StoredEntry } from './store.ts';
import { type LeafQuery, readChainLeaves, readLeafTime, readLeaves } from './store-evidence.ts';
import { countLeaves } from './store-tree.ts';

type Question = EvidenceQuestion & { tenant: string; kinds?: readonly string[] | undefined };

export async function listEntries(database: Tx, question: Question): Promise<ReplayPage> {
  const end = await countLeaves(database);
  const chain = chainOf(question);
  if (chain !== null) {
    const found = await readChainLeaves(database, chain, question.from, question.limit);
    return page(found, question, { next: end, end });
  }
  const bounds = { ...(await leavesBetween(database, question, end)), end };
  const found = await readLeaves(database, queryOf(question, bounds));
  const looked = Math.min(bounds.from + LIMITS.replay_leaves, bounds.before);
  return page(found, question, { next: looked >= bounds.before ? Math.max(question.from, end) : looked, end });
}

/** Its own, policies for everybody, and stops that hold for everybody; never who else was stopped or let in. */
export function concerns(entry: StoredEntry, tenant: string): boolean {
  if (entry.tenant !== null) return entry.tenant === tenant;
  if (entry.chain.startsWith('policy:')) return true;
  if (entry.chain !== 'control') return false;
  const { kind, target } = readBody(entry);
  return (kind !== 'tenant' && kind !== 'agent') || target === tenant;
}

function chainOf({ chain, job_id, tenant }: Question): string | null {
  return chain ?? (job_id === undefined ? null : chainOfJob(tenant, job_id));
}

/** `next` and `end` when nothing was cut off. */
function page(
  found: readonly StoredEntry[],
  question: Question,
  { next, end }: { next: number; end: number },
): ReplayPage {
  const shown = fitting(found);
  const isCut = shown.length < found.length || found.length === question.limit;
  return {
    entries: shown.filter((entry) => isWanted(entry, question)).map(showEntry),
    next: isCut ? shown.at(-1)!.leaf_index! + 1 : next,
    end,
  };
}

/** What fits into one answer; the first always does. */
function fitting(entries: readonly StoredEntry[]): readonly StoredEntry[] {
  let bytes = 0;
  const over = entries.findIndex((entry, i) => {
    bytes += 2 * Buffer.byteLength(entry.body);
    return i > 0 && bytes > LIMITS.answer_bytes;
  });
  return over < 0 ? entries : entries.slice(0, over);
}

/** What the database narrows down to, judged exactly. */
function isWanted(entry: StoredEntry, question: Question): boolean {
  const { tenant, all, actor, kind, kinds, since, until, topic } = question;
  if (!all && !concerns(entry, tenant)) return false;
  if (actor !== undefined && readBody(entry).actor !== actor) return false;
  if (kind !== undefined && entry.kind !== kind) return false;
  if (kinds !== undefined && !kinds.includes(entry.kind)) return false;
  if (topic !== undefined && (entry.topic === null || !new RegExp(regexOf(topic)).test(entry.topic))) return false;
  if (since !== undefined && entry.time_us < microsecondsOf(since)) return false;
  return until === undefined || entry.time_us <= microsecondsOf(until);
}

function readBody({ body }: StoredEntry): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Of a pattern that was checked: tokens and stars, nothing that an expression could mean otherwise. */
function regexOf(pattern: string): string {
  const tokens = pattern.split('.');
  const parts = tokens.map((token, i) => {
    if (token !== '*') return token;
    return i === tokens.length - 1 ? '.+' : '[^.]+';
  });
  return `^${parts.join('\\.')}$`;
}

/** RFC 3339 in UTC with up to six digits; a Date would drop three of them. */
function microsecondsOf(instant: string): number {
  const [seconds, micros = ''] = instant.slice(0, -1).split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(micros.padEnd(6, '0'));
}

/** Where the leaves of the asked time stand: found by halving, since nothing but the leaves is in order. */
async function leavesBetween(
  database: Tx,
  { from, since, until }: Question,
  end: number,
): Promise<{ from: number; before: number }> {
  const first = since === undefined ? 0 : await firstAt(database, microsecondsOf(since) - LIMITS.out_of_order_us, end);
  const before =
    until === undefined ? end : await firstAt(database, microsecondsOf(until) + LIMITS.out_of_order_us, end);
  return { from: Math.max(from, first), before };
}

async function firstAt(database: Tx, time_us: number, end: number): Promise<number> {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await readLeafTime(database, middle)) < time_us) low = middle + 1;
    else high = middle;
  }
  return low;
}

function queryOf(question: Question, { from, before }: { from: number; before: number }): LeafQuery {
  const { tenant, all, limit, topic, kind, kinds, actor, since, until } = question;
  return {
    tenant: all ? null : tenant,
    from,
    before,
    limit,
    topic: topic === undefined ? null : regexOf(topic),
    kinds: kind === undefined ? (kinds ?? null) : [kind],
    holds: actor === undefined ? null : `"actor":${JSON.stringify(actor)}`,
    since_us: since === undefined ? null : microsecondsOf(since),
    until_us: until === undefined ? null : microsecondsOf(until),
  };
}
