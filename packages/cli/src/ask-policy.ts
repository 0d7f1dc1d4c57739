/**
 * Asks a compiled policy what it would decide, by the very function that enforces, without a server. The asking actor has
 * no ceiling and no credential: what those would refuse, only a server can say.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { DecideItem, Gate } from '@countersign/contracts/decision';
import type { Explanation, Simulation } from '@countersign/contracts/http';
import { type Actor, actor, jobRequest, type NamedRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { tenantName } from '@countersign/contracts/names';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { JOB_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideContext, type DecideOutcome, decide } from '@countersign/policy/decide';
import { explain } from '@countersign/policy-author/explain';
import { seePools } from '@countersign/policy-author/see-pools';
import { CommandFailure, EXIT, UsageError } from './exit-codes.ts';
import { readShape } from './read-shape.ts';

/** Actor and request. `request` is as in `POST /jobs`, not yet validated; nor are the others. */
export type Question = {
  request: Readonly<Record<string, unknown>>;
  tenant?: string | undefined;
  actor?: { id?: string | undefined; type?: string | undefined; owner?: string | null | undefined } | undefined;
  gate?: Gate | undefined;
};

const ANYBODY = { id: 'test-agent', type: 'agent', owner: null, auth_method: 'api_key', ceiling: null } as const;
const TENANT = 'default';
const JOB_ID = 'simulated';

/** `what` names the question where it cannot be asked. Throws UsageError for what the API would not take either. */
export function itemOf(question: Question, what = 'the request'): DecideItem {
  const { request, tenant, actor: asking, gate = 'submit' } = question;
  const named = namedOf(request, tenant, what);
  const who = actorOf(asking, what);
  const salt = randomBytes(LIMITS.salt_bytes);
  const job_hash = saltedDigest(JOB_DOMAIN, salt, canonicalize({ actor: who.id, request: named }));
  return { gate, request: named, actor: who, job_hash, salt: salt.toString('base64url'), min_epoch: 0 };
}

/** `now`: RFC 3339 in UTC, for conditions that read it; the clock's when left out. */
export function askPolicy(policy: CompiledPolicy, item: DecideItem, now?: string): DecideOutcome {
  return decide(policy, item, contextOf(now));
}

/** In the API's own shape. Throws CommandFailure with what a submitter would be told. */
export function simulateHere(policy: CompiledPolicy, question: Question, what?: string): Simulation {
  return flatten(policy, askPolicy(policy, itemOf(question, what)));
}

export function explainHere(policy: CompiledPolicy, question: Question, what?: string): Explanation {
  const { outcome, ...told } = explain(policy, itemOf(question, what), contextOf());
  return { ...flatten(policy, outcome), ...told };
}

function namedOf(body: Question['request'], tenant: string | undefined, what: string): NamedRequest {
  const request = readShape(jobRequest, body, `${what} is not as the API takes it`);
  const named = tenant ?? request.tenant ?? TENANT;
  if (request.tenant !== undefined && request.tenant !== named)
    throw new UsageError(`${what} names the tenant ${request.tenant}, but ${named} asks`);
  return { ...request, job_id: request.job_id ?? JOB_ID, tenant: readShape(tenantName, named, `${what}: the tenant`) };
}

function actorOf(asking: Question['actor'], what: string): Actor {
  const given = Object.entries(asking ?? {}).filter(([, value]) => value !== undefined);
  return readShape(actor, { ...ANYBODY, ...Object.fromEntries(given) }, `${what}: the actor`);
}

function contextOf(now = new Date().toISOString()): DecideContext {
  return {
    now,
    epoch: 0,
    decisionId: randomUUID,
    simulation: true,
  };
}

function flatten({ pools }: CompiledPolicy, outcome: DecideOutcome): Simulation {
  if (!outcome.ok) {
    const { code, detail } = outcome.failure;
    throw new CommandFailure(EXIT.refused, `the request would be refused: ${code}: ${detail}`, outcome.failure);
  }
  const [first, ...then] = outcome.answer.decisions;
  const { effective } = outcome.answer;
  // Nobody counts for a policy that is only tried here.
  const told = { effective, pools: seePools(pools, effective), counts: [], skipped: outcome.skipped };
  return { ...first!, ...told, ...(then.length > 0 ? { then } : {}) };
}
