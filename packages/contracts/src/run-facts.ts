/**
 * What a run did before: which facts a policy may ask about, the history that they are computed from, and what of them a
 * decision records. A run is the jobs of a tenant with the same label `run`, or all that an agent asked for in one.
 */
import { z } from 'zod';
import { duration } from './duration.ts';
import { LIMITS } from './limits.ts';
import { capabilityName, token, topicName } from './names.ts';
import { capabilityPattern, topicPattern } from './policy-patterns.ts';

const some = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(LIMITS.policy_list);

/** All that are given must hold; a list is any-of. `ran` and `used` count what was dispatched, whatever came of it. */
export const runMatch = z
  .strictObject({
    ran: some(topicPattern).optional(),
    used: some(capabilityPattern).optional(),
    /** Classes of data in outputs that were released. */
    released: some(token).optional(),
    /** An output of an untrusted source was released. */
    untrusted: z.literal(true).optional(),
  })
  .refine((asked) => Object.keys(asked).length > 0, 'must ask for something');
export type RunMatch = z.infer<typeof runMatch>;

/** Which jobs are one run. By agent, whoever asks cannot leave what it did behind by naming another run. */
export const runsSource = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('run') }),
  z.strictObject({ by: z.literal('agent'), within: duration }),
]);
export type RunsSource = z.infer<typeof runsSource>;

/** Jobs of one topic and capability that were dispatched. `released`: the first one whose output was; null for none. */
export const ranBefore = z.strictObject({
  topic: topicName,
  capability: capabilityName.nullable(),
  jobs: z.int().min(1),
  released: z.string().nullable(),
});
/** Null: it is not known, for want of the label, or because there were more jobs than are looked at. */
export type RunHistory = readonly z.infer<typeof ranBefore>[] | null;

/** Which job brought in what, where a decision looked at it. */
export const runSeen = z.strictObject({
  jobs: z.int(),
  released: z.array(z.strictObject({ data: token, job_id: z.string() })),
  untrusted: z.array(z.strictObject({ topic: topicName, job_id: z.string() })),
});
export type RunSeen = z.infer<typeof runSeen>;
