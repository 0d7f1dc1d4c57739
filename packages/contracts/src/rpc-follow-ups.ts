/** The verbs around what follows a job: prepared, listed and settled by the scheduler for whoever a door has authenticated. */
import { z } from 'zod';
import { deadLetterDetail, deadLetterPage } from './follow-ups.ts';
import { actor, FOLLOW_UPS, jobRequest, origin } from './job.ts';
import { LIMITS } from './limits.ts';
import { tenantName } from './names.ts';
import { jobKey } from './rpc-audit.ts';
import { isPage, isSameJob } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';

/** `principal`: as every verb that changes something has it. */
export function followUpVerbs<P extends z.ZodType>(principal: P) {
  return {
    'scheduler.follow_up': verb({
      service: 'scheduler',
      callers: ['ingress'],
      /** `own`: only jobs that the principal asked for itself. */
      request: jobKey.extend({
        kind: z.enum(FOLLOW_UPS),
        offer_id: z.string().optional(),
        /** Of a denied job. */
        request: jobRequest.optional(),
        own: z.boolean(),
        principal,
      }),
      /** What is to be submitted, in whose name. Nothing is stored yet. */
      answer: jobKey.extend({
        request: jobRequest,
        actor,
        ...origin.pick({ offer_id: true, offered_by: true, constraints: true }).shape,
      }),
      repeatable: true,
      matches: isSameJob,
    }),
    'scheduler.dead_letters': verb({
      service: 'scheduler',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        /** Also those that were retried or discarded. */
        all: z.boolean(),
        cursor: z.string().max(LIMITS.cursor_chars).optional(),
        limit: z.int().min(1).max(LIMITS.page_rows).optional(),
      }),
      answer: deadLetterPage,
      repeatable: true,
      matches: (asked, { dead_letters }) => isPage(asked, dead_letters, []),
    }),
    'scheduler.dead_letter': verb({
      service: 'scheduler',
      callers: ['ingress'],
      request: jobKey,
      answer: deadLetterDetail,
      repeatable: true,
      matches: isSameJob,
    }),
    'scheduler.discard': verb({
      service: 'scheduler',
      callers: ['ingress'],
      request: jobKey.extend({ reason: z.string(), principal }),
      answer: deadLetterDetail,
      repeatable: false,
      matches: isSameJob,
    }),
  };
}
