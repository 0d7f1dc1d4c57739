/** The verbs of the audit service: what the ledger says of one job, of a tenant, and of itself. */
import { z } from 'zod';
import { decision } from './decision.ts';
import { checkpointView, consistencyView, evidenceQuestion, inclusionView, populationView } from './evidence.ts';
import { kpiQuestion, kpis } from './kpis.ts';
import { ledgerEntry } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';
import { jobId, tenantName } from './names.ts';
import { screeningView } from './output.ts';
import { runRecord } from './record.ts';
import { replayPage } from './replay.ts';
import { isChainOf, isSameJob } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';

export const jobKey = z.strictObject({ tenant: tenantName, job_id: jobId });
export type JobKey = z.infer<typeof jobKey>;

export const AUDIT_VERBS = {
  'audit.timeline': verb({
    service: 'audit',
    callers: ['ingress'],
    request: jobKey,
    answer: z.object({ entries: z.array(ledgerEntry) }),
    repeatable: true,
    matches: (asked, { entries }) => isChainOf(asked, entries),
  }),
  'audit.decisions': verb({
    service: 'audit',
    callers: ['ingress'],
    request: jobKey,
    answer: z.object({ tenant: tenantName, job_id: jobId, decisions: z.array(z.union([decision, screeningView])) }),
    repeatable: true,
    matches: isSameJob,
  }),
  'audit.kpis': verb({
    service: 'audit',
    callers: ['ingress'],
    request: kpiQuestion,
    answer: kpis,
    repeatable: true,
    matches: (asked, answered) =>
      asked.tenant === answered.tenant && asked.from === answered.from && asked.to === answered.to,
  }),
  'audit.record': verb({
    service: 'audit',
    callers: ['ingress'],
    request: jobKey,
    answer: runRecord,
    repeatable: true,
    matches: (asked, { tenant, proof }) => tenant === asked.tenant && isChainOf(asked, [proof]),
  }),
  'audit.entries': verb({
    service: 'audit',
    callers: ['ingress'],
    /** `kinds`: any of these, beside `kind`. */
    request: evidenceQuestion.extend({
      tenant: tenantName,
      kinds: z.array(z.string()).max(LIMITS.entry_kinds).optional(),
    }),
    answer: replayPage,
    repeatable: true,
    matches: ({ tenant, all, kinds }, { entries }) =>
      entries.every(
        (entry) => (all || (entry.tenant ?? tenant) === tenant) && (kinds === undefined || kinds.includes(entry.kind)),
      ),
  }),
  'audit.checkpoint': verb({
    service: 'audit',
    callers: ['ingress'],
    /** Null: the last one. */
    request: z.strictObject({ tree_size: z.int().min(0).nullable() }),
    answer: checkpointView,
    repeatable: true,
    matches: (asked, { tree_size }) => asked.tree_size === null || asked.tree_size === tree_size,
  }),
  'audit.inclusion': verb({
    service: 'audit',
    callers: ['ingress'],
    request: z.strictObject({ leaf_index: z.int().min(0), tree_size: z.int().min(0).nullable() }),
    answer: inclusionView,
    repeatable: true,
    matches: (asked, answered) =>
      asked.leaf_index === answered.leaf_index && (asked.tree_size ?? answered.tree_size) === answered.tree_size,
  }),
  'audit.consistency': verb({
    service: 'audit',
    callers: ['ingress'],
    request: z.strictObject({ from: z.int().min(1), to: z.int().min(1) }),
    answer: consistencyView,
    repeatable: true,
    matches: (asked, { from, to }) => asked.from === from && asked.to === to,
  }),
  'audit.population': verb({
    service: 'audit',
    callers: ['ingress'],
    /** `to` null: as far as one statement reaches. */
    request: z.strictObject({
      tenant: tenantName,
      ...{ tree_size: z.int().min(0), from: z.int().min(0), to: z.int().min(1).nullable() },
    }),
    answer: populationView.extend({ tenant: tenantName }),
    repeatable: true,
    matches: (asked, answered) =>
      (['tenant', 'tree_size', 'from'] as const).every((name) => asked[name] === answered[name]),
  }),
  /** `data`: base64. */
  'audit.tile': verb({
    service: 'audit',
    callers: ['ingress'],
    request: z.strictObject({ path: z.string().max(LIMITS.token_chars) }),
    answer: z.object({ path: z.string(), data: z.base64() }),
    repeatable: true,
    matches: (asked, { path }) => asked.path === path,
  }),
};
