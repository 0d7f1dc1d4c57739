/** The verbs of artifacts: what ingress hands on of a worker's file, and what a reader gets of it. */
import { z } from 'zod';
import { artifactEnd, artifactPartQuery, artifactParts, artifactState, shownArtifact } from './artifact.ts';
import { LIMITS } from './limits.ts';
import { digest, jobId, tenantName, token } from './names.ts';
import { jobKey } from './rpc-audit.ts';
import { isSameJob } from './rpc-matches.ts';
import { verb } from './rpc-verb.ts';

/** As its signature said it, which ingress verified. */
const worker = { pool: token, worker: token };
const data = z.string().max(Math.ceil(LIMITS.artifact_part_bytes / 3) * 4);
const isSame = (asked: { artifact_id: string }, answered: { artifact_id: string }): boolean =>
  asked.artifact_id === answered.artifact_id;

/** By the digest that its worker named. */
const partAsked = jobKey.extend({ digest, part: z.int().min(0) });
const partAnswered = z.object({
  ...{ tenant: tenantName, job_id: jobId, digest, part: z.int() },
  parts: z.int(),
  released_bytes: z.int(),
  data,
});
type SamePart = { tenant: string; job_id: string; digest: string; part: number };
const isSamePart = (asked: SamePart, answered: SamePart): boolean =>
  isSameJob(asked, answered) && asked.digest === answered.digest && asked.part === answered.part;

export const ARTIFACT_VERBS = {
  /** `data`: base64. The same part again is the same. */
  'output.artifact_part': verb({
    service: 'output-safety',
    callers: ['ingress'],
    request: artifactPartQuery.extend({ ...worker, data, part: z.int().min(0) }),
    answer: artifactParts,
    repeatable: true,
    matches: isSame,
  }),
  'output.artifact_end': verb({
    service: 'output-safety',
    callers: ['ingress'],
    request: artifactEnd.extend(worker),
    answer: artifactState,
    repeatable: true,
    matches: isSame,
  }),
  'output.artifacts': verb({
    service: 'output-safety',
    callers: ['ingress'],
    request: jobKey,
    answer: z.object({ tenant: tenantName, job_id: jobId, artifacts: z.array(shownArtifact) }),
    repeatable: true,
    matches: isSameJob,
  }),
  /** Of what was released. */
  'output.artifact_read': verb({
    service: 'output-safety',
    callers: ['ingress'],
    request: partAsked,
    answer: partAnswered,
    repeatable: true,
    matches: isSamePart,
  }),
};

/** Of what is quarantined, for who opened it. `principal`: as every verb that changes something has it. */
export function openedArtifactVerb<P extends z.ZodType>(principal: P) {
  return verb({
    service: 'output-safety',
    callers: ['ingress'],
    request: partAsked.extend({ principal }),
    answer: partAnswered,
    repeatable: true,
    matches: isSamePart,
  });
}
