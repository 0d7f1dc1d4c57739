/**
 * Whether any limit let through more than it may, from the evidence alone: for every job that was let in, what its decision
 * said it takes of which limit, and when.
 */
import { type LimitAsked, limitAsked } from '@countersign/contracts/counted-limits';

type Entry = { chain: string; kind: string; time_us: string; body: string };
type Use = { at_ms: number; micros: bigint };
type Said = { state?: string; decision?: Decided; decisions?: Decided[] };
type Decided = { obligations?: { limits?: unknown[] }; limited?: { id: string }[] };

/** By which the time of an entry may differ from that of its count: a commit that had to wait. */
const JITTER_MS = 1_000;

/** Windows, budgets and what runs at once; open jobs are a matter of the moment, which entries do not show. */
export function checkCounts(chains: ReadonlyMap<string, readonly Entry[]>): string[] {
  return [...checkWindows(chains), ...checkRunning(chains)];
}

function checkWindows(chains: ReadonlyMap<string, readonly Entry[]>): string[] {
  const counts = new Map<string, { limit: LimitAsked; uses: Use[] }>();
  for (const entries of chains.values()) {
    const let_in = entries.find(letsIn);
    if (let_in === undefined) continue;
    const { decision, decisions } = JSON.parse(let_in.body) as Said;
    const stands = decisions?.at(-1) ?? decision;
    const asking = new Set(stands?.limited?.map(({ id }) => id));
    for (const said of stands?.obligations?.limits ?? []) {
      const limit = limitAsked.parse(said);
      if (limit.within_ms === null || asking.has(limit.id)) continue;
      const key = JSON.stringify([limit.id, limit.per]);
      const count = counts.get(key) ?? { limit, uses: [] };
      count.uses.push({ at_ms: Number(let_in.time_us) / 1_000, micros: microsOf(limit.takes) });
      counts.set(key, count);
    }
  }
  return [...counts.values()].flatMap(({ limit, uses }) => excessOf(limit, uses));
}

/** From each dispatch to the next entry that says that the job does neither wait for a worker nor run. */
function checkRunning(chains: ReadonlyMap<string, readonly Entry[]>): string[] {
  const counts = new Map<string, { limit: LimitAsked; steps: { at_us: number; more: 1 | -1 }[] }>();
  for (const entries of chains.values()) {
    for (const [place, { kind, time_us, body }] of entries.entries()) {
      if (kind !== 'job_dispatched') continue;
      const left = entries
        .slice(place + 1)
        .find(({ body: later }) => !RUNS.includes((JSON.parse(later) as Said).state));
      for (const said of (JSON.parse(body) as Said).decision?.obligations?.limits ?? []) {
        const limit = limitAsked.parse(said);
        if (limit.counts !== 'running') continue;
        const key = JSON.stringify([limit.id, limit.per]);
        const count = counts.get(key) ?? { limit, steps: [] };
        count.steps.push({ at_us: Number(time_us), more: 1 });
        if (left !== undefined) count.steps.push({ at_us: Number(left.time_us), more: -1 });
        counts.set(key, count);
      }
    }
  }
  return [...counts.values()].flatMap(({ limit, steps }) => {
    let running = 0;
    // Whoever takes a place saw that it was free: no entry of an end has the same time and came later.
    for (const { more } of steps.toSorted((a, b) => a.at_us - b.at_us || a.more - b.more)) {
      running += more;
      if (running > Number(limit.most)) return [`the limit ${limit.id} let more run at once than ${limit.most}`];
    }
    return [];
  });
}

/** Entries that say nothing of the state change nothing. */
const RUNS: readonly (string | undefined)[] = ['dispatched', 'running', undefined];

/** Its admission, or the end of its time as a parked one. */
function letsIn({ kind, body }: Entry, place: number, entries: readonly Entry[]): boolean {
  if (kind === 'job_admitted') return (JSON.parse(body) as Said).state !== 'parked';
  const parked = place > 0 && (JSON.parse(entries[place - 1]!.body) as Said).state === 'parked';
  return parked && (kind === 'job_cleared' || kind === 'job_held');
}

function excessOf(limit: LimitAsked, uses: readonly Use[]): string[] {
  const sorted = uses.toSorted((a, b) => a.at_ms - b.at_ms);
  const within = Math.max(0, limit.within_ms! - JITTER_MS);
  let from = 0;
  let sum = 0n;
  for (const use of sorted) {
    sum += use.micros;
    while (use.at_ms - sorted[from]!.at_ms >= within) {
      sum -= sorted[from]!.micros;
      from += 1;
    }
    if (sum > microsOf(limit.most)) return [`the limit ${limit.id} let more through than ${limit.most}`];
  }
  return [];
}

function microsOf(amount: string): bigint {
  const [whole, fraction = ''] = amount.split('.');
  return BigInt(whole!) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
