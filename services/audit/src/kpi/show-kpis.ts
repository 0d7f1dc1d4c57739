/** Answers what people steer by, for a tenant and some days: rates out of the counts, nothing read from the ledger itself. */
import type { Kpis } from '@countersign/contracts/kpis';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Database } from '@countersign/platform/database';
import { advanceCounts } from './advance-counts.ts';
import { type CountRow, type LatencyRow, readCounts, readCursor, readLatencies } from './store-kpis.ts';

type Part = string | null;
type Count = { parts: readonly Part[]; count: number };

const DAY_US = 86_400_000_000;

export async function showKpis(database: Database, asked: RpcParsed<'audit.kpis'>): Promise<RpcAnswer<'audit.kpis'>> {
  for (let i = 0; i < LIMITS.kpi_rounds && (await advanceCounts(database)); i += 1);
  const { tenant, from, to } = asked;
  const [rows, latencies, up_to_leaf] = await Promise.all([
    readCounts(database, tenant, from, to),
    readLatencies(database, tenant, usOf(from), usOf(to) + DAY_US),
    readCursor(database),
  ]);
  return { tenant, from, to, up_to_leaf, ...kpisOf(rows, latencies) };
}

/** Pure. Rates are between 0 and 1; null where nothing was counted. */
function kpisOf(
  rows: readonly CountRow[],
  latencies: readonly LatencyRow[],
): Omit<Kpis, 'tenant' | 'from' | 'to' | 'up_to_leaf'> {
  const of = (measure: string): Count[] =>
    rows
      .filter((row) => row.measure === measure)
      .map(({ parts, count }) => ({ parts: JSON.parse(parts) as Part[], count }));
  return {
    decisions: decisionsOf(of('submit')),
    approvals: approvalsOf(latencies),
    outputs: outputsOf(of('output')),
    remediations: remediationsOf(of('remediated')),
    ended: Object.fromEntries(of('ended').map(({ parts: [state], count }) => [String(state), count])),
    fail_open: sum(of('fail_open')),
    evidence: evidenceOf(of('record'), of('missing')),
  };
}

/** A rewrite is decided again, and that decision is the one that stands. */
function decisionsOf(counts: readonly Count[]): Kpis['decisions'] {
  return groups(counts, 2).map(({ key: [capability = null, environment = null], rows }) => {
    const decided = (name: string) => sum(rows.filter(({ parts }) => parts[2] === name));
    const remediated = decided('remediate');
    const jobs = sum(rows) - remediated;
    return {
      ...{ capability, environment, jobs, denied: decided('deny'), deny_rate: rate(decided('deny'), jobs) },
      ...{ held: decided('require_approval'), constrained: decided('allow_with_constraints'), remediated },
      constrain_rate: rate(decided('allow_with_constraints'), jobs),
    };
  });
}

function outputsOf(counts: readonly Count[]): Kpis['outputs'] {
  return groups(counts, 1).map(({ key: [topic = null], rows }) => {
    const decided = (name: string) => sum(rows.filter(({ parts }) => parts[1] === name));
    const screened = sum(rows);
    const [redacted, quarantined] = [decided('redact'), decided('quarantine')];
    return {
      ...{ topic, screened, redacted, quarantined },
      ...{ redact_rate: rate(redacted, screened), quarantine_rate: rate(quarantined, screened) },
    };
  });
}

function remediationsOf(counts: readonly Count[]): Kpis['remediations'] {
  return groups(counts, 1).map(({ key: [id], rows }) => {
    const came = (what: string) => sum(rows.filter(({ parts }) => parts[1] === what));
    const ended = sum(rows) - came('applied');
    const succeeded = came('succeeded');
    return {
      remediation: String(id),
      applied: came('applied'),
      ended,
      succeeded,
      success_rate: rate(succeeded, ended),
    };
  });
}

function approvalsOf(rows: readonly LatencyRow[]): Kpis['approvals'] {
  return rows.map(({ group, outcome, closed, median_ms, p95_ms }) => ({
    ...{ group, outcome, closed },
    median_ms: Math.round(Number(median_ms)),
    p95_ms: Math.round(Number(p95_ms)),
  }));
}

function evidenceOf(records: readonly Count[], missing: readonly Count[]): Kpis['evidence'] {
  const judged = sum(records);
  const complete = sum(records.filter(({ parts }) => parts[0] === 'complete'));
  return {
    ...{ judged, complete, completeness: rate(complete, judged) },
    missing: missing.map(({ parts: [field], count }) => ({ field: String(field), count })),
  };
}

/** By the first parts, in the order in which they come. */
function groups(counts: readonly Count[], width: number): { key: readonly Part[]; rows: Count[] }[] {
  const found = new Map<string, { key: readonly Part[]; rows: Count[] }>();
  for (const row of counts) {
    const key = row.parts.slice(0, width);
    const name = JSON.stringify(key);
    const group = found.get(name) ?? { key, rows: [] };
    group.rows.push(row);
    found.set(name, group);
  }
  return [...found.values()];
}

function sum(counts: readonly Count[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

function rate(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

function usOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) * 1000;
}
