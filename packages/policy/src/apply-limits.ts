/**
 * What of a job has to be counted: the limits of the rule that decided and of the floors over it, with what this job takes
 * of each. Pure: it counts nothing. A job that does not say what it costs is denied, for nothing could be counted.
 */
import { type LimitAsked, readAmount } from '@countersign/contracts/counted-limits';
import { fieldAt } from '@countersign/contracts/field-path';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { denial, type Standing } from './apply-floors.ts';
import type { CompiledLimit } from './compiled-policy.ts';
import { approvalOf, tightenApproval } from './effects.ts';
import { mergePatch } from './merge-patch.ts';

type Asking = { request: NamedRequest; actor: Actor; payloadKnown: boolean };
type Bound = Omit<LimitAsked, 'takes' | 'per'>;

/** `skipped` gets the amounts that a simulation without payload cannot know. */
export function applyLimits(
  standing: Standing,
  limits: readonly CompiledLimit[],
  { request, actor, payloadKnown }: Asking,
  skipped: string[],
): Standing {
  if (limits.length === 0 || standing.decision === 'deny' || standing.decision === 'remediate') return standing;
  const { set } = standing.constraints;
  const payload = set === undefined ? request.payload : mergePatch(request.payload ?? {}, set);
  const asked: LimitAsked[] = [];
  for (const limit of limits) {
    const fromPayload = limit.cost?.startsWith('payload.') === true;
    if (fromPayload && !payloadKnown) {
      skipped.push(`limit ${limit.id}`);
      continue;
    }
    const said = limit.cost === undefined ? 1 : fieldAt(limit.cost, { ...request, payload });
    const takes = readAmount(said);
    if (takes === null) return denial(standing.rule_id, noAmount(limit, said));
    asked.push({ ...boundOf(limit), takes, per: partsOf(limit, request, actor) });
  }
  if (asked.length === 0) return standing;
  return { ...standing, obligations: { ...standing.obligations, limits: asked } };
}

/** What a decision becomes when this limit, which asks for an approval then, has no room. */
export function askInstead<T extends Pick<Standing, 'decision' | 'reason' | 'obligations'>>(
  standing: T,
  limit: LimitAsked,
): T {
  const approval = tightenApproval(standing.obligations.approval, limit.approval) ?? approvalOf();
  const obligations = { ...standing.obligations, approval };
  return { ...standing, decision: 'require_approval', reason: describeExcess(limit), obligations };
}

/** `limit_exceeded: refunds has no room: at most 20 jobs in 3600 s`. */
export function describeExcess({ id, most, within_ms, counts }: Bound): string {
  const what = { jobs: 'jobs', cost: 'of budget', open: 'open jobs', running: 'jobs at once' }[counts];
  return `limit_exceeded: ${id} has no room: at most ${most} ${what}${within_ms === null ? '' : ` in ${within_ms / 1000} s`}`;
}

function boundOf({
  id,
  count,
  max_open,
  max_running,
  budget,
  within,
  exceeded = 'deny',
  approval,
}: CompiledLimit): Bound {
  if (max_running !== undefined)
    return { id, counts: 'running', most: String(max_running), within_ms: null, exceeded: 'wait' };
  const rest = { within_ms: within ?? null, exceeded, ...(approval !== undefined && { approval }) };
  if (max_open !== undefined) return { id, counts: 'open', most: String(max_open), ...rest };
  if (budget !== undefined) return { id, counts: 'cost', most: budget, ...rest };
  return { id, counts: 'jobs', most: String(count), ...rest };
}

/** Sorted, so that the same parts are the same count in whatever order they were written. */
function partsOf({ per }: CompiledLimit, request: NamedRequest, actor: Actor): LimitAsked['per'] {
  const { tenant, topic, meta, labels } = request;
  const own: Record<string, string | null> = { tenant, topic, agent: actor.id, capability: meta.capability ?? null };
  const partOf = (part: string): string | null =>
    part.startsWith('labels.') ? (labels[part.slice('labels.'.length)] ?? null) : own[part]!;
  return Object.fromEntries(per.toSorted().map((part) => [part, partOf(part)]));
}

/** The value itself is content, and stays out of a reason. */
function noAmount({ id, cost }: CompiledLimit, said: unknown): string {
  if (said === undefined) return `cost_missing: the limit ${id} counts ${cost}, and the request has none`;
  return `cost_invalid: the limit ${id} counts ${cost}, and it is no amount from 0 on with at most 15 digits and 6 after the point`;
}
