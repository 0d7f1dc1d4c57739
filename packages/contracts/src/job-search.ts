/** `GET /jobs`: which jobs are looked for. All that is given must hold. */
import { z } from 'zod';
import { matchesPattern } from './control.ts';
import { DECISIONS } from './decision.ts';
import type { JobView } from './job.ts';
import { LIMITS } from './limits.ts';
import { instant, labelKey, labelValue, principalId, token, topicPattern } from './names.ts';
import { isPage } from './rpc-matches.ts';
import { JOB_STATES } from './states.ts';

/** `env=prod`: the first `=` ends the key. */
const labelFilter = z
  .string()
  .max(LIMITS.label_chars * 2)
  .refine((text) => {
    const { key, value } = splitLabel(text);
    return labelKey.safeParse(key).success && labelValue.safeParse(value).success;
  }, 'must be <key>=<value>');

/** The filters beside `actor`, which says whose jobs, and beside the page. */
export const jobFilters = {
  state: z.enum(JOB_STATES).optional(),
  /** A topic, or a pattern as policies have it. */
  topic: topicPattern.optional(),
  /** What the label `run` names: the jobs of one run of an agent. */
  run: labelValue.optional(),
  rule: token.optional(),
  decision: z.enum(DECISIONS).optional(),
  pool: token.optional(),
  label: labelFilter.optional(),
  /** Created then or later. */
  from: instant.optional(),
  /** Created before. */
  to: instant.optional(),
};
const jobSearch = z.strictObject({ ...jobFilters, actor: principalId.nullable() });
export type JobSearch = z.infer<typeof jobSearch>;

/** The label that names the run that a job belongs to. */
export const RUN_LABEL = 'run';

export function splitLabel(text: string): { key: string; value: string } {
  const at = text.indexOf('=');
  return { key: text.slice(0, Math.max(at, 0)), value: text.slice(at + 1) };
}

export function runOf(labels: Readonly<Record<string, string>>): string | null {
  return labels[RUN_LABEL] ?? null;
}

/** Every row is one that was looked for. */
export function isFound(
  asked: JobSearch & { tenant: string; limit?: number | undefined },
  { jobs }: { jobs: readonly JobView[] },
): boolean {
  return (
    isPage(asked, jobs, ['actor', 'state', 'decision', 'pool']) &&
    jobs.every(
      (job) =>
        (asked.topic === undefined || matchesPattern(asked.topic, job.topic)) &&
        (asked.rule === undefined || job.rule_id === asked.rule) &&
        (asked.run === undefined || runOf(job.labels) === asked.run) &&
        (asked.label === undefined || hasLabel(job, asked.label)) &&
        (asked.from === undefined || Date.parse(job.created_at) >= Date.parse(asked.from)) &&
        (asked.to === undefined || Date.parse(job.created_at) <= Date.parse(asked.to)),
    )
  );
}

function hasLabel({ labels }: JobView, text: string): boolean {
  const { key, value } = splitLabel(text);
  return labels[key] === value;
}
