/** The verbs of reviewing quarantined outputs. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { jobId, tenantName } from './names.ts';
import { openedOutput, QUARANTINE_STATES, quarantined, releaseRequest, reviewRequest } from './quarantine.ts';
import { openedArtifactVerb } from './rpc-artifacts.ts';
import { jobKey } from './rpc-audit.ts';
import { isPage, isSameJob } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';

/** `principal`: as every verb that changes something has it. */
export function quarantineVerbs<P extends z.ZodType>(principal: P) {
  return {
    'output.quarantined': verb({
      service: 'output-safety',
      callers: ['ingress'],
      request: z.strictObject({
        tenant: tenantName,
        job_id: jobId.optional(),
        state: z.enum(QUARANTINE_STATES).optional(),
        cursor: z.string().max(LIMITS.cursor_chars).optional(),
        limit: z.int().min(1).max(LIMITS.page_rows).optional(),
      }),
      answer: z.object({ quarantined: z.array(quarantined), next_cursor: z.string().nullable() }),
      repeatable: true,
      matches: (asked, answered) => isPage(asked, answered.quarantined, ['job_id', 'state']),
    }),
    'output.open': verb({
      service: 'output-safety',
      callers: ['ingress'],
      request: jobKey.extend({ ...reviewRequest.shape, principal }),
      answer: openedOutput,
      /** Each time is an entry. */
      repeatable: false,
      matches: isSameJob,
    }),
    'output.opened_artifact': openedArtifactVerb(principal),
    'output.release': verb({
      service: 'output-safety',
      callers: ['ingress'],
      request: jobKey.extend({ ...releaseRequest.shape, principal }),
      answer: quarantined,
      repeatable: false,
      matches: isSameJob,
    }),
    'output.discard': verb({
      service: 'output-safety',
      callers: ['ingress'],
      request: jobKey.extend({ ...reviewRequest.shape, principal }),
      answer: quarantined,
      repeatable: false,
      matches: isSameJob,
    }),
  };
}
