/**
 * Lets published bundles decide beside the active ones. Live answers never wait for it and never change by it: it has a
 * queue of its own, drops what does not fit, and keeps only so many differences for the ledger.
 */
import { type DecideAnswer, type DecideItem, finalDecision } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Difference } from '@countersign/contracts/policy-rollout';
import { monotonicMs, nowInstant, nowMs } from '@countersign/platform/clock';
import type { Database } from '@countersign/platform/database';
import { openFairQueue } from '@countersign/platform/fair-queue';
import { append } from '@countersign/platform/ledger-append';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { openShares } from '@countersign/platform/shares';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type Compared, comparedOf, differenceOf } from '@countersign/policy-author/compare-decisions';
import type { CompiledPolicies } from './compiled-policies.ts';
import { decideUnder } from './decide-under.ts';
import { type ReadRuns, readRun } from './read-runs.ts';
import type { Scans } from './scan-apart.ts';
import { readDocument, readShadows, type StoredShadow } from './store-published.ts';

type Parts = {
  database: Database;
  compiled: CompiledPolicies;
  metrics: Metrics;
  log: Logger;
  scans: Pick<Scans, 'decide'>;
  readRuns: ReadRuns;
};
type Loaded = StoredShadow & { policy: CompiledPolicy };
type Live = { item: DecideItem; answer: DecideAnswer; shadow: Loaded };

const MINUTE_MS = 60_000;

type Shadows = {
  refresh(): Promise<void>;
  /** Costs a lookup; everything else happens later, or not at all. */
  offer(item: DecideItem, answer: DecideAnswer): void;
  /** Writes the differences kept so far. */
  flush(): Promise<void>;
};

export function openShadows(parts: Parts): Shadows {
  const { database, metrics, log, scans, readRuns } = parts;
  let loaded = new Map<string, Loaded>();
  const queue = openFairQueue<Live>(LIMITS.shadow_queue, ({ item }) => item.request.tenant);
  let working = false;
  const kept: NewEntry[] = [];
  const hasRoom = perMinute(LIMITS.shadow_entries);

  const compare = async ({ item, answer, shadow }: Live): Promise<void> => {
    try {
      const active = finalDecision(answer);
      const asked = { policy: shadow.policy, epoch: 0, ends_at: null };
      const history = await readRun(readRuns, shadow.policy, item, active.decided_at);
      const when = { now: active.decided_at, ...(history !== undefined && { history }) };
      const outcome = await scans.decide(
        item.gate,
        (apart) => decideUnder(asked, item, { ...when, scans: apart }),
        false,
      );
      const compared = comparedOf(outcome);
      const kind = differenceOf(active, compared);
      metrics.count('policy_shadow_total', { kind: kind ?? 'same' });
      if (kind !== null && hasRoom(item.request.tenant)) kept.push(entryOf({ item, answer, shadow }, kind, compared));
    } catch (thrown) {
      metrics.count('policy_shadow_total', { kind: 'failed' });
      log.warn({ ...errorFields(thrown), scope: shadow.scope }, 'a shadow could not decide');
    }
  };
  /** A slice, then the gates again. */
  const work = async (): Promise<void> => {
    const started = monotonicMs();
    while (queue.size > 0 && monotonicMs() - started < LIMITS.decide_slice_ms) await compare(queue.take(1)[0]!);
    working = queue.size > 0;
    if (working) setImmediate(work);
  };

  return {
    async refresh() {
      const next = new Map<string, Loaded>();
      for (const stored of await readShadows(database)) {
        const before = loaded.get(stored.scope);
        const policy = before?.snapshot === stored.snapshot ? before.policy : await load(parts, stored);
        if (policy !== null) next.set(stored.scope, { ...stored, policy });
      }
      loaded = next;
    },
    offer(item, answer) {
      const shadow = loaded.get(item.request.tenant) ?? loaded.get('*');
      if (shadow === undefined || nowMs() >= Date.parse(shadow.until)) return;
      if (!takes(() => queue.push({ item, answer, shadow })))
        return metrics.count('policy_shadow_total', { kind: 'dropped' });
      if (!working) setImmediate(work);
      working = true;
    },
    async flush() {
      if (kept.length === 0) return;
      const entries = kept.splice(0);
      await database.transaction((tx) => append(tx, entries));
    },
  };
}

/** True as often as the number says in each minute, all tenants together: each as long as it has not more than is left. */
function perMinute(most: number): (tenant: string) => boolean {
  let [since, shares] = [monotonicMs(), openShares(most)];
  return (tenant) => {
    if (monotonicMs() - since >= MINUTE_MS) [since, shares] = [monotonicMs(), openShares(most)];
    return takes(() => shares.take([tenant]));
  };
}

/** Whether there was room, and a part of it for whoever it is for. */
function takes(take: () => void): boolean {
  try {
    take();
    return true;
  } catch (thrown) {
    if (thrown instanceof CountersignError) return false;
    throw thrown;
  }
}

function entryOf({ item, answer, shadow }: Live, kind: Difference, compared: Compared): NewEntry {
  const { request, actor, job_hash } = item;
  const { tenant, job_id, topic } = request;
  const active = finalDecision(answer);
  return {
    chain: `policy:${shadow.scope}`,
    kind: 'policy_shadow_difference',
    tenant,
    topic,
    body: {
      tenant,
      job_id,
      topic,
      capability: answer.effective?.capability ?? request.meta.capability ?? null,
      actor: actor.id,
      auth_method: actor.auth_method,
      owner: actor.owner,
      job_hash,
      difference: kind,
      active: { ...said(active), policy_version: active.policy_version, policy_snapshot: active.policy_snapshot },
      shadow: { ...said(compared), policy_version: shadow.version, policy_snapshot: shadow.snapshot },
    },
  };
}

function said({ decision, rule_id }: Pick<Compared, 'decision' | 'rule_id'>) {
  return { decision, rule_id };
}

async function load(
  { database, compiled, log }: Pick<Parts, 'database' | 'compiled' | 'log'>,
  { bundle_id, scope }: StoredShadow,
): Promise<CompiledPolicy | null> {
  const opened = await compiled.openBundle((await readDocument(database, bundle_id)) ?? '', nowInstant());
  if (opened.ok) return opened.policy;
  log.error({ bundle_id, scope, code: opened.code }, 'a shadow does not verify any more');
  return null;
}
