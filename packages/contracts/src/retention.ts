/** How long content is kept, what must be kept (legal holds), and what was erased. Evidence is none of it and stays. */
import { z } from 'zod';
import type { NewEntry } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';
import { instant, jobId, labelValue, principalId, tenantName, token, uuid } from './names.ts';

/**
 * `payloads`: requests and what was made of them; `results`: outputs that may be read; `quarantined`: sealed outputs and what people
 * let out of them; `comments`: words of people at an approval. Each is erased with the salts of its digests, by the service that has it.
 */
export const CONTENTS = ['payloads', 'results', 'quarantined', 'comments'] as const;
export type Content = (typeof CONTENTS)[number];

const reason = z.string().min(1).max(LIMITS.reason_chars);
const days = z.int().min(1).max(LIMITS.keep_days_max);

/** Counted from the end of the job. */
export const keepView = z.object({
  tenant: tenantName,
  content: z.enum(CONTENTS),
  days,
  /** Null: nobody has set it, and the default counts. */
  set_by: principalId.nullable(),
  set_at: instant.nullable(),
});
export type KeepView = z.infer<typeof keepView>;
export const keepList = z.object({ retention: z.array(keepView) });

export const keepChange = z.strictObject({ content: z.enum(CONTENTS), days, reason });
export type KeepChange = z.input<typeof keepChange>;

export const HOLD_KINDS = ['job', 'run', 'agent', 'window'] as const;

/** `agent`: whatever this agent or person asked for, or was done on their behalf; `window`: jobs under way at any time between the two. */
export const newHold = z
  .strictObject({
    kind: z.enum(HOLD_KINDS),
    target: z.string().min(1).max(LIMITS.label_chars).optional(),
    from: instant.optional(),
    until: instant.optional(),
    reason,
  })
  .refine(({ kind, target }) => (kind === 'window') === (target === undefined), {
    path: ['target'],
    message: 'names the job, run or agent; a window has none',
  })
  .refine(({ kind, target = '' }) => isTarget[kind](target), { path: ['target'], message: 'is no name of this kind' })
  .refine(
    ({ kind, from, until }) => (kind === 'window' ? from! <= until! : from === undefined && until === undefined),
    {
      path: ['from'],
      message: 'and until bound a window, and nothing else',
    },
  );
export type NewHold = z.input<typeof newHold>;

const isTarget: Readonly<Record<(typeof HOLD_KINDS)[number], (target: string) => boolean>> = {
  job: (target) => jobId.safeParse(target).success,
  run: (target) => labelValue.safeParse(target).success,
  agent: (target) => principalId.safeParse(target).success,
  window: () => true,
};

export const holdView = z.object({
  hold_id: token,
  tenant: tenantName,
  kind: z.enum(HOLD_KINDS),
  target: z.string().nullable(),
  from: instant.nullable(),
  until: instant.nullable(),
  reason: z.string(),
  set_by: principalId,
  set_at: instant,
});
export type HoldView = z.infer<typeof holdView>;
export const holdList = z.object({ holds: z.array(holdView) });
export const liftHold = z.strictObject({ reason });
export const liftedHold = z.object({ hold_id: token });

export const newErasure = z
  .strictObject({ job_id: jobId.optional(), subject: principalId.optional(), reason })
  .refine(({ job_id, subject }) => (job_id === undefined) !== (subject === undefined), {
    path: ['job_id'],
    message: 'or subject: one of the two',
  });
export type NewErasure = z.input<typeof newErasure>;

export const erasureView = z.object({
  erasure_id: uuid,
  tenant: tenantName,
  job_id: jobId.nullable(),
  /** Whose jobs up to then: those that this agent or person asked for, and those done on their behalf. */
  subject: principalId.nullable(),
  reason: z.string(),
  asked_by: principalId,
  asked_at: instant,
  /** Contents found so far, those of them that a legal hold kept, and those that still wait for the service that has them. */
  found: z.int(),
  refused: z.int(),
  waiting: z.int(),
  /** The last hold that kept something. */
  held_by: token.nullable(),
  done: z.boolean(),
});
export type ErasureView = z.infer<typeof erasureView>;
export const erasureList = z.object({ erasures: z.array(erasureView) });

/** What the record says of a content of the job that is gone. */
export const erasedView = z.object({
  content: z.enum(CONTENTS),
  erased_at: instant,
  why: z.enum(['retention', 'request']),
  /** Null under retention. */
  asked_by: principalId.nullable(),
  reason: z.string().nullable(),
  /** The entry that says so. */
  entry: z.object({ chain: z.string(), seq: z.int() }),
});

/** A content that is being erased in this transaction, as `scheduler.take_erasable` gives it. */
export type Erased = {
  tenant: string;
  job_id: string;
  content: string;
  /** Null under retention. */
  erasure_id: string | null;
  asked_by: string | null;
  reason: string | null;
  keep_ms: number;
};

export function chainOfContent(tenant: string): string {
  return `content:${tenant}`;
}

/** One entry for each tenant, content and cause of a batch. It names the jobs, so that each can be shown to have been erased. */
export function erasedEntries(kind: string, erased: readonly Erased[]): NewEntry[] {
  const groups = Map.groupBy(erased, (row) => JSON.stringify([row.tenant, row.content, row.erasure_id, row.keep_ms]));
  return [...groups.values()].map((rows) => {
    const { tenant, content, erasure_id, asked_by, reason, keep_ms } = rows[0]!;
    const cause =
      erasure_id === null ? { why: 'retention', keep_ms } : { why: 'request', erasure_id, actor: asked_by, reason };
    const job_ids = rows.map(({ job_id }) => job_id).toSorted();
    const body = { tenant, content, ...cause, count: job_ids.length, job_ids };
    return { chain: chainOfContent(tenant), kind, tenant, topic: null, body };
  });
}
