/** What people steer by: rates over some days, made from the ledger. Rates are between 0 and 1; null where nothing was counted. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { tenantName } from './names.ts';

const day = z.iso.date();
const count = z.int().min(0);
const rate = z.number().min(0).max(1).nullable();

/** Days in UTC, both included; by default the last thirty. */
export const kpiQuery = z.strictObject({ from: day.optional(), to: day.optional() });
export type KpiQuery = z.input<typeof kpiQuery>;

export const kpiQuestion = z
  .strictObject({ tenant: tenantName, from: day, to: day })
  .refine(({ from, to }) => from <= to && Date.parse(to) - Date.parse(from) < LIMITS.kpi_days * 86_400_000, {
    path: ['from'],
    message: `must be at most ${LIMITS.kpi_days} days before to`,
  });

export const kpis = z.object({
  tenant: tenantName,
  from: day,
  to: day,
  /** Entries below it are counted. */
  up_to_leaf: count,
  /** At the submit gate, by capability and environment; `remediated` jobs were rewritten and decided again. */
  decisions: z.array(
    z.object({
      capability: z.string().nullable(),
      environment: z.string().nullable(),
      jobs: count,
      denied: count,
      deny_rate: rate,
      held: count,
      constrained: count,
      constrain_rate: rate,
      remediated: count,
    }),
  ),
  /** From the opening to the end of an approval, by each group that it asked. */
  approvals: z.array(
    z.object({ group: z.string(), outcome: z.string(), closed: count, median_ms: count, p95_ms: count }),
  ),
  outputs: z.array(
    z.object({
      topic: z.string().nullable(),
      screened: count,
      redacted: count,
      quarantined: count,
      redact_rate: rate,
      quarantine_rate: rate,
    }),
  ),
  /** `ended`: of those applied, which may have begun on an earlier day. */
  remediations: z.array(
    z.object({ remediation: z.string(), applied: count, ended: count, succeeded: count, success_rate: rate }),
  ),
  /** Jobs by the state that they ended in. */
  ended: z.record(z.string(), count),
  /** Decisions that an open fail mode let through. */
  fail_open: count,
  /** Of a sample of the jobs that ended: how many run records lack nothing, and what the others lack. */
  evidence: z.object({
    judged: count,
    complete: count,
    completeness: rate,
    missing: z.array(z.object({ field: z.string(), count })),
  }),
});
export type Kpis = z.infer<typeof kpis>;
