/**
 * The one way from a question to a decision. Both gates, simulation, explanation, replay and shadow take it, so what is
 * tried is what will be enforced.
 */
import { type DecideItem, finalDecision } from '@countersign/contracts/decision';
import type { RunHistory } from '@countersign/contracts/run-facts';
import { uuidv7 } from '@countersign/platform/ids';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideContext, type DecideOutcome, decide } from '@countersign/policy/decide';
import { decideWithoutRule } from './decide-without-rule.ts';
import { observe } from './observe-mode.ts';
import type { Scanning } from './scan-apart.ts';

/** `ends_at`: RFC 3339; null for a candidate, whose time has not come. */
export type Asked = { policy: CompiledPolicy; epoch: number; ends_at: string | null };
/** `now`: RFC 3339 in UTC. `simulation`: the payload may be left out. `scans`: what may be scanned apart. `history`: of its run. */
export type When = { now: string; simulation?: boolean; scans?: Scanning; history?: RunHistory };

const MODEL_WORST = ['failed_closed', 'failed_open', 'answered'] as const;

export function contextOf({ epoch }: Asked, when: When): DecideContext {
  return { ...when, epoch, decisionId: uuidv7 };
}

export function hasEnded({ ends_at }: Pick<Asked, 'ends_at'>, now: string): boolean {
  return ends_at !== null && Date.parse(ends_at) <= Date.parse(now);
}

export function decideUnder(asked: Asked, item: DecideItem, when: When): DecideOutcome {
  const context = contextOf(asked, when);
  if (hasEnded(asked, when.now)) return refuseEnded(asked, item, context);
  return settle(asked, item, context, decide(asked.policy, item, context));
}

/** Refused and recorded at the door. What was let in before waits at the dispatch gate for a policy that may decide. */
export function refuseEnded(asked: Asked, item: DecideItem, context: DecideContext): DecideOutcome {
  const { policy, ends_at } = asked;
  const detail = `policy_expired: version ${policy.version} ended at ${ends_at}`;
  if (item.gate === 'dispatch') return { ok: false, failure: { code: 'policy_expired', detail } };
  const denial = { decision: 'deny' as const, reason: detail, effective_digest: null };
  const decision = decideWithoutRule(policy, item, context, denial);
  const answer = { decisions: [decision], rewritten: null, effective: null };
  return { ok: true, answer, skipped: [], cacheable: false };
}

export function settle(
  { policy }: Asked,
  item: DecideItem,
  context: DecideContext,
  decided: DecideOutcome,
): DecideOutcome {
  const outcome = observe(policy, item, context, decided);
  recordModel(outcome, context.scans as Scanning | undefined);
  // In the evidence as well: nobody may use it again at another time of day.
  if (outcome.ok && !outcome.cacheable) finalDecision(outcome.answer).reads_now = true;
  return outcome;
}

/** The worst that became of asking a model, as evidence; what it said may be another thing tomorrow. */
function recordModel(outcome: DecideOutcome, scanning: Scanning | undefined): void {
  const said = MODEL_WORST.find((one) => scanning?.known.some(({ model }) => model === one));
  if (!outcome.ok || said === undefined) return;
  finalDecision(outcome.answer).model = said;
  if (said !== 'answered' || !scanning!.modelRepeats) outcome.cacheable = false;
}
