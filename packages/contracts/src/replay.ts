/** Replaying evidence by request: `rpc.audit.replay.<tenant>`, repeatable, from any point on, served from Postgres. */
import { z } from 'zod';
import { ledgerEntry } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';
import { topicPattern } from './names.ts';

export const replayQuestion = z.strictObject({
  /** The first leaf to look at. */
  from: z.int().min(0).default(0),
  topic: topicPattern.optional(),
  limit: z.int().min(1).max(LIMITS.page_rows).default(LIMITS.page_rows),
});
export type ReplayQuestion = z.output<typeof replayQuestion>;

/** The tenant's own entries in leaf order. It goes on at `next`; all that is sealed was looked at when that is `end`. */
export const replayPage = z.object({
  entries: z.array(ledgerEntry),
  next: z.int(),
  end: z.int(),
});
export type ReplayPage = z.infer<typeof replayPage>;
