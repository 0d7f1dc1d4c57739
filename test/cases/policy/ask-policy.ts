/** Questions to a policy for these tests: the smallest request that decides, and a compiled policy from YAML text. */
import type { DecideItem, Decision } from '@countersign/contracts/decision';
import { finalDecision } from '@countersign/contracts/decision';
import { type Actor, jobRequest, type NamedRequest } from '@countersign/contracts/job';
import { compilePolicy } from '@countersign/policy/compile-policy';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideContext, type DecideOutcome, decide } from '@countersign/policy/decide';
import { describeFault, type FaultCode } from '@countersign/policy/policy-fault';

export const AGENT: Actor = { id: 'agent-1', type: 'agent', owner: 'owner-1', auth_method: 'api_key', ceiling: null };
export const SNAPSHOT = `sha256:${'5'.repeat(64)}`;
export const NOW = '2026-06-01T12:00:00.000000Z';

export function compiled(policy: string, others: Record<string, string> = {}): CompiledPolicy {
  const result = compilePolicy({ 'policy.yaml': policy, ...others }, { version: 1, snapshot: SNAPSHOT });
  if (!result.ok) throw new Error(result.faults.map(describeFault).join('\n'));
  return result.policy;
}

export function faultCodes(policy: string, others: Record<string, string> = {}): FaultCode[] {
  const result = compilePolicy({ 'policy.yaml': policy, ...others }, { version: 1, snapshot: SNAPSHOT });
  return result.ok ? [] : result.faults.map((fault) => fault.code);
}

/** As `POST /jobs` would give it. */
export function requestOf(body: Record<string, unknown>): NamedRequest {
  const parsed = jobRequest.parse(body);
  return { ...parsed, job_id: parsed.job_id ?? 'job-1', tenant: parsed.tenant ?? 'default' };
}

export function itemOf(body: Record<string, unknown>, over: Partial<DecideItem> = {}): DecideItem {
  return {
    gate: 'submit',
    request: requestOf(body),
    actor: AGENT,
    job_hash: `sha256:${'1'.repeat(64)}`,
    salt: Buffer.alloc(16, 7).toString('base64url'),
    min_epoch: 0,
    ...over,
  };
}

export function contextOf(over: Partial<DecideContext> = {}): DecideContext {
  let made = 0;
  const decisionId = (): string => `00000000-0000-7000-8000-${String(++made).padStart(12, '0')}`;
  return { now: NOW, epoch: 1, decisionId, ...over };
}

export function ask(
  policy: CompiledPolicy,
  body: Record<string, unknown>,
  over: Partial<DecideItem> = {},
  context: Partial<DecideContext> = {},
): DecideOutcome {
  return decide(policy, itemOf(body, over), contextOf(context));
}

export function answerOf(outcome: DecideOutcome): Extract<DecideOutcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`refused: ${outcome.failure.code} ${outcome.failure.detail}`);
  return outcome;
}

export function finalOf(outcome: DecideOutcome): Decision {
  return finalDecision(answerOf(outcome).answer);
}

/** The decision that stands, and by which rule. */
export function verdict(...question: Parameters<typeof ask>): [string, string | null] {
  const { decision, rule_id } = finalOf(ask(...question));
  return [decision, rule_id];
}
