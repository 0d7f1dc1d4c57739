/** `/policy`: ask the kernel without storing anything, and see what is active. The kernel's words, flat. */
import { CountersignError } from '@countersign/contracts/errors';
import {
  explanation,
  explanations,
  type PolicyQuestion,
  policyQuestion,
  simulation,
  simulations,
} from '@countersign/contracts/http';
import { jobRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { activePolicy } from '@countersign/contracts/policy-questions';
import { type PolicyCandidate, replayAnswer, replayRequest } from '@countersign/contracts/policy-rollout';
import type { RpcAnswer, RpcRequest } from '@countersign/contracts/rpc';
import type { JsonValue } from '@countersign/ledger/canonical-json';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { actorOf, type Caller, mayAny } from './caller.ts';
import { nameRequest } from './prepare-job.ts';
import type { ProveChain } from './prove-chain.ts';
import { type Incoming, type Route, route } from './route.ts';

type Sent = z.output<typeof jobRequest> | z.output<typeof policyQuestion>;
type Asking = Incoming<unknown, unknown, Sent>;
type Answers<V extends 'policy.simulate' | 'policy.explain'> = RpcAnswer<V>['answers'];

/** One schema for the documents, but its own faults for whichever of the two was meant. */
const questionBody = {
  schema: z.union([jobRequest, policyQuestion]) as z.ZodType<Sent>,
  form: (sent: JsonValue): z.ZodType => (isMany(sent) ? policyQuestion : jobRequest),
  limit: LIMITS.question_bytes,
};

export function policyRoutes(bus: Bus, prove: ProveChain): Route[] {
  return [
    route({
      method: 'post',
      path: '/policy/simulate',
      summary: 'What would be decided, by the active policy or a candidate; nothing is stored',
      permissions: ['simulate'],
      body: questionBody,
      answers: { 200: { says: 'The decision, or one for each request', schema: z.union([simulation, simulations]) } },
      gives: async (incoming) =>
        show(incoming, await bus.call('policy.simulate', await questionOf(incoming, prove), waiting(incoming))),
    }),
    route({
      method: 'post',
      path: '/policy/explain',
      summary: 'Why it would be decided so, step by step',
      permissions: ['explain'],
      body: questionBody,
      answers: {
        200: {
          says: 'The decision, and for each rule why it did or did not match',
          schema: z.union([explanation, explanations]),
        },
      },
      gives: async (incoming) =>
        show(incoming, await bus.call('policy.explain', await questionOf(incoming, prove), waiting(incoming))),
    }),
    route({
      method: 'post',
      path: '/policy/replay',
      summary: 'What a policy would have made of the jobs of a window',
      permissions: ['policy:try'],
      body: { schema: replayRequest, limit: LIMITS.question_bytes },
      answers: { 200: { says: 'What would have changed, and how complete that is', schema: replayAnswer } },
      gives: ({ caller, body, traceparent }) =>
        bus.call('policy.replay', { tenant: caller.tenant, ask: body }, { traceparent, timeout_ms: LIMITS.replay_ms }),
    }),
    route({
      method: 'get',
      path: '/policy',
      summary: 'The active policy',
      // `explain` shows every rule already.
      permissions: ['policy:read', 'explain'],
      answers: { 200: { says: 'The active policy of the tenant', schema: activePolicy } },
      gives: ({ caller, traceparent }) => bus.call('policy.active', { tenant: caller.tenant }, { traceparent }),
    }),
  ];
}

/** A single request gets its answer bare, or the fault that its submitter would have got. */
function show<V extends 'policy.simulate' | 'policy.explain'>(incoming: Asking, answer: RpcAnswer<V>): object {
  const answers = answer.answers as Answers<V>;
  if (isMany(incoming.raw)) {
    const flat = answers.map((each) => (each.ok ? { ok: true, value: flatten(each.value) } : each));
    return { policy: answer.policy, answers: flat };
  }
  const [only] = answers;
  if (only?.ok) return flatten(only.value);
  const { code, detail, at } = only!.error;
  throw new CountersignError(code, detail, { at });
}

function isMany(sent: unknown): sent is PolicyQuestion {
  return typeof sent === 'object' && sent !== null && Object.hasOwn(sent, 'requests');
}

function flatten<A extends { decisions: unknown[] }>({ decisions, ...rest }: A) {
  const [first, ...then] = decisions as object[];
  return { ...first!, ...rest, ...(then.length > 0 ? { then } : {}) };
}

async function questionOf({ caller, body }: Asking, prove: ProveChain): Promise<RpcRequest<'policy.simulate'>> {
  const { requests, candidate } = 'requests' in body ? body : { requests: [body], candidate: undefined };
  refuseUnlessTrying(caller, candidate);
  const actor = actorOf(caller);
  const items = requests.map((sent) => ({ request: nameRequest(caller, sent, null), actor }));
  // Nobody is told what the policy would say to whom they could not be.
  for (const { request } of items) await prove(caller, request.on_behalf_of);
  return { tenant: caller.tenant, items, candidate: candidate ?? null };
}

/** Compiling costs much more than asking, so not everybody who may ask may bring a policy along. */
function refuseUnlessTrying(caller: Caller, candidate: PolicyCandidate | undefined): void {
  if (candidate !== undefined && !mayAny(caller, ['policy:try']))
    throw new CountersignError('permission_missing', 'a candidate needs policy:try', { at: '/candidate' });
}

/** A candidate has to be read first. */
function waiting({ traceparent }: Asking) {
  return { traceparent, timeout_ms: LIMITS.publish_ms };
}
