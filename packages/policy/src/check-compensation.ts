/**
 * Whether the way back that a request names is one: a job of its own that the same actor may ask for under the same
 * policy. A compensation that would be denied when it is needed is not a compensation.
 */
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { applyFacts, findTopic } from './apply-facts.ts';
import { outsideCeiling } from './check-ceiling.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { evaluateRules } from './evaluate-rules.ts';
import { type ReadRun, type ScansApart, subjectOf } from './read-subject.ts';
import { scanOf } from './scan-settings.ts';

export type Asking = {
  request: NamedRequest;
  actor: Actor;
  now: string;
  readRun: ReadRun;
  scans?: ScansApart | undefined;
};

/** Why the compensation does not hold, or null; an approval on the way back is no obstacle. */
export function compensationObstacle(
  policy: CompiledPolicy,
  { request, actor, now, readRun, scans }: Asking,
): string | null {
  const way = wayBack(request);
  if (way === null) return 'the request names none';
  const facts = applyFacts(findTopic(policy, way.topic), way, { overrule: false, payloadKnown: true });
  if (!facts.ok) return facts.failure.code;
  const outside = outsideCeiling(actor, facts.request);
  if (outside !== null) return `ceiling_${outside}`;
  const subject = subjectOf(facts.request, actor, scanOf(policy, facts.request.tenant), readRun, scans);
  const { decision, rule_id } = evaluateRules(policy, { subject, request: facts.request, actor, now }).standing;
  if (decision === 'deny') return `it would be denied (${rule_id ?? 'default_decision'})`;
  return decision === 'remediate' ? `it would be rewritten (${rule_id})` : null;
}

/** In the same place as the job; its own way back is the job, so that the two do not ask for each other without end. */
export function wayBack({
  compensation,
  topic,
  payload,
  meta: _,
  prompt: __,
  ...request
}: NamedRequest): NamedRequest | null {
  if (compensation === undefined) return null;
  return {
    ...request,
    topic: compensation.topic,
    ...(compensation.payload !== undefined && { payload: compensation.payload }),
    meta: { risk_tags: [], requires: [] },
    compensation: { topic, ...(payload !== undefined && { payload }) },
  };
}
