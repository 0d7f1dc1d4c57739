/**
 * What a rule counts: jobs in a window of time, open jobs, or a budget in declared units. Counted by the scheduler when a job
 * is admitted, in the transaction that admits it; the dispatch gate counts none of these again. It counts what runs at once.
 */
import { z } from 'zod';
import { askedApproval } from './asked-approval.ts';
import { duration } from './duration.ts';
import { fieldPath } from './field-path.ts';
import { LIMITS } from './limits.ts';
import { labelValue, token } from './names.ts';

/** What happens to a job that does not fit: `park` lets it wait until there is room before it is admitted, `wait` before it is dispatched. */
export const EXCEEDED = ['deny', 'require_approval', 'park', 'wait'] as const;
/** `jobs` and `cost` in a window of time; `open`: jobs that have not ended; `running`: jobs that were dispatched and have not. */
export const COUNTED = ['jobs', 'cost', 'open', 'running'] as const;

/** Exact: at most 15 digits, 6 after the point, no sign, no exponent. */
const AMOUNT = /^(0|[1-9]\d{0,14})(\.\d{1,6})?$/;
const amount = z
  .string()
  .regex(AMOUNT, 'must be an amount such as 500 or "12.50": at most 15 digits, and 6 after the point');

const per = z
  .string()
  .regex(
    /^(tenant|agent|topic|capability|labels\.[a-z][a-z0-9_.-]{0,63})$/,
    'must be tenant, agent, topic, capability or labels.<name>',
  );

/** Of a rule or a floor. Exactly one of `count`, `max_open`, `max_running` and `cost` with `budget`; the compiler says so. */
export const limitSource = z.strictObject({
  id: token,
  /** Jobs that agree in all of these are counted together. */
  per: z.array(per).min(1).max(8),
  /** Jobs in any time of the length `within`. */
  count: z.int().min(1).max(LIMITS.limit_count).optional(),
  /** Jobs that have not ended. */
  max_open: z.int().min(1).max(LIMITS.limit_count).optional(),
  /** Jobs that run at once, from the dispatch to the end. Beyond it a job waits. */
  max_running: z.int().min(1).max(LIMITS.limit_count).optional(),
  /** Where a job says what it costs, e.g. `payload.amount`. */
  cost: fieldPath.optional(),
  /** What all of them together may cost in any time of the length `within`. */
  budget: z.union([amount, z.number().transform(String).pipe(amount)]).optional(),
  within: duration.optional(),
  /** Left out: `wait` with `max_running`, which knows no other, else `deny`. */
  exceeded: z.enum(EXCEEDED).optional(),
});
export type LimitSource = z.infer<typeof limitSource>;

/** What a decision says that has to be counted, and what this job takes of it. */
export const limitAsked = z.strictObject({
  /** A tenant's own carry its name: `acme/refunds`. */
  id: z.string().max(2 * LIMITS.token_chars + 1),
  /** By what it counts apart; null where the job has no such. */
  per: z.record(z.string(), labelValue.nullable()),
  counts: z.enum(COUNTED),
  most: amount,
  takes: amount,
  /** Null for `open` and `running`. */
  within_ms: z.int().min(1).nullable(),
  exceeded: z.enum(EXCEEDED),
  /** Whose yes it takes then, with `require_approval`. */
  approval: askedApproval.optional(),
});
export type LimitAsked = z.infer<typeof limitAsked>;

/** In decisions that a limit changed, the one that had no room. `used`: without this job. */
export const limitHit = z.strictObject({
  id: z.string(),
  exceeded: z.enum(EXCEEDED),
  used: amount,
  most: amount,
});
export type LimitHit = z.infer<typeof limitHit>;

/** How much of a limit is used at the moment of asking. */
export const limitUsed = limitHit.omit({ exceeded: true });
export type LimitUsed = z.infer<typeof limitUsed>;

/** Of decisions before anything counted: nothing held them. */
export const limitOfOld = z.strictObject({
  count: z.int().min(1),
  window_ms: z.int().min(1),
  per: z.array(z.enum(['tenant', 'topic', 'actor', 'capability', 'pool'])),
  on_exceed: z.enum(['deny', 'hold']),
});

/** Null for anything but an exact amount that is not negative, as text or as a number of JSON. */
export function readAmount(given: unknown): string | null {
  const text = typeof given === 'number' ? String(given) : given;
  return typeof text === 'string' && AMOUNT.test(text) ? text : null;
}
