/** Two readings of the metrics as what an operator watches: what waits, how fast it goes, what is denied, what is behind. Pure. */
import type { MetricName } from '@countersign/contracts/metrics';
import { table } from '../table.ts';
import { by, mostOf, of, type Sample, sumOf } from './metric-samples.ts';

/** Of the time between two readings, but for what stands at the second one. Nothing told is null. */
export type Top = {
  parts: { up: number; all: number };
  submitted_per_s: number | null;
  ended_per_s: number | null;
  /** Of the decisions at the submit gate; null while there were none. */
  deny_rate: number | null;
  jobs: Record<string, number>;
  /** `workers`: alive; null where no scheduler tells. */
  pools: {
    pool: string;
    workers: number | null;
    waiting: number;
    oldest_s: number;
    unclaimed_s: number;
    dispatched_per_s: number | null;
  }[];
  approvals_waiting: number | null;
  unsigned: number | null;
  unpublished: number | null;
  not_forwarded: number | null;
};

const sum = (a: number, b: number): number => a + b;

/** `seconds` between the two. A counter that ran back began anew, so it says nothing yet. */
export function topOf(before: readonly Sample[], after: readonly Sample[], seconds: number): Top {
  const up = of(after, 'up');
  const dispatched = growth(before, after, 'dispatches_total', 'pool');
  const pools = ['waiting_jobs', 'oldest_waiting_seconds', 'unclaimed_seconds', 'workers_alive'].map((name) =>
    by(after, `pool_${name}` as MetricName, 'pool'),
  );
  const names = new Set(pools.flatMap((each) => [...each.keys()]));
  return {
    parts: { up: up.filter(({ value }) => value === 1).length, all: up.length },
    submitted_per_s: rate(total(before, after, 'jobs_admitted_total'), seconds),
    ended_per_s: rate(total(before, after, 'jobs_ended_total'), seconds),
    deny_rate: denyRate(before, after),
    jobs: Object.fromEntries(by(after, 'jobs_waiting', 'state')),
    pools: [...names].sort().map((pool) => ({
      pool,
      workers: pools[3]!.get(pool) ?? null,
      waiting: pools[0]!.get(pool) ?? 0,
      oldest_s: pools[1]!.get(pool) ?? 0,
      unclaimed_s: pools[2]!.get(pool) ?? 0,
      dispatched_per_s: rate(dispatched.get(pool) ?? 0, seconds),
    })),
    approvals_waiting: mostOf(after, 'approvals_open'),
    unsigned: mostOf(after, 'ledger_unsigned'),
    unpublished: mostOf(after, 'ledger_unpublished'),
    not_forwarded: mostOf(after, 'forward_waiting_leaves'),
  };
}

export function showTop(top: Top): string {
  const jobs = Object.entries(top.jobs).filter(([, count]) => count > 0);
  return [
    `parts up       ${top.parts.up} of ${top.parts.all}`,
    `submitted      ${perSecond(top.submitted_per_s)}     ended ${perSecond(top.ended_per_s)}     denied ${share(top.deny_rate)}`,
    `jobs           ${jobs.map(([state, count]) => `${count} ${state}`).join(', ') || 'none waits or runs'}`,
    `approvals      ${known(top.approvals_waiting)} waiting`,
    `evidence       ${known(top.unsigned)} unsigned, ${known(top.unpublished)} unpublished, ${known(top.not_forwarded)} not forwarded`,
    '',
    table(
      ['POOL', 'WORKERS', 'WAITING', 'OLDEST', 'UNCLAIMED FOR', 'SENT'],
      top.pools.map((row) => [
        ...[row.pool, known(row.workers), row.waiting],
        ...[`${Math.round(row.oldest_s)} s`, `${Math.round(row.unclaimed_s)} s`],
        perSecond(row.dispatched_per_s),
      ]),
    ),
  ].join('\n');
}

function denyRate(before: readonly Sample[], after: readonly Sample[]): number | null {
  const atSubmit = (samples: readonly Sample[]) => samples.filter(({ labels }) => labels.gate === 'submit');
  const decided = growth(atSubmit(before), atSubmit(after), 'decisions_total', 'decision');
  const all = [...decided.values()].reduce(sum, 0);
  return all > 0 ? (decided.get('deny') ?? 0) / all : null;
}

function growth(
  before: readonly Sample[],
  after: readonly Sample[],
  name: MetricName,
  label: string,
): Map<string, number> {
  const was = by(before, name, label, sum);
  return new Map(
    [...by(after, name, label, sum)].map(([key, value]) => [key, Math.max(0, value - (was.get(key) ?? 0))]),
  );
}

function total(before: readonly Sample[], after: readonly Sample[], name: MetricName): number | null {
  const now = sumOf(after, name);
  return now === null ? null : Math.max(0, now - (sumOf(before, name) ?? 0));
}

function rate(count: number | null, seconds: number): number | null {
  return count === null || seconds <= 0 ? null : count / seconds;
}

function perSecond(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)}/s`;
}

function share(value: number | null): string {
  return value === null ? '-' : `${(value * 100).toFixed(1)} %`;
}

function known(value: number | null): string {
  return value === null ? '-' : String(value);
}
