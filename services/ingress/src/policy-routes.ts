/** `/policy`: ask the kernel without storing anything, and see what is active. The kernel's words, flat. */
import { type Explanation, explanation, type Simulation, simulation } from '@countersign/contracts/http';
import { jobRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { activePolicy, type RpcAnswer, type RpcRequest } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import { actorOf } from './caller.ts';
import { nameRequest } from './prepare-job.ts';
import { type Incoming, type Route, route } from './route.ts';

type Asking = Pick<Incoming<unknown, unknown, Parameters<typeof nameRequest>[1]>, 'caller' | 'body'>;

const questionOf = ({ caller, body }: Asking): RpcRequest<'policy.simulate'> => ({
  request: nameRequest(caller, body, null),
  actor: actorOf(caller),
});

const flatten = <A extends RpcAnswer<'policy.simulate'>>({ decisions, ...rest }: A) => {
  const [first, ...then] = decisions;
  return { ...first!, ...rest, ...(then.length > 0 ? { then } : {}) };
};

export const policyRoutes = (bus: Bus): Route[] => [
  route({
    method: 'post',
    path: '/policy/simulate',
    summary: 'What would be decided; nothing is stored',
    permissions: ['simulate'],
    body: { schema: jobRequest, limit: LIMITS.request_bytes },
    answers: { 200: { says: 'The decision', schema: simulation } },
    handle: async (incoming) => {
      const json: Simulation = flatten(await bus.call('policy.simulate', questionOf(incoming), incoming));
      return { status: 200, json };
    },
  }),
  route({
    method: 'post',
    path: '/policy/explain',
    summary: 'Why it would be decided so, step by step',
    permissions: ['explain'],
    body: { schema: jobRequest, limit: LIMITS.request_bytes },
    answers: { 200: { says: 'The decision, and for each rule why it did or did not match', schema: explanation } },
    handle: async (incoming) => {
      const json: Explanation = flatten(await bus.call('policy.explain', questionOf(incoming), incoming));
      return { status: 200, json };
    },
  }),
  route({
    method: 'get',
    path: '/policy',
    summary: 'The active policy',
    // `explain` shows every rule already.
    permissions: ['policy:read', 'explain'],
    answers: { 200: { says: 'The active policy of the tenant', schema: activePolicy } },
    handle: async ({ caller, traceparent }) => ({
      status: 200,
      json: await bus.call('policy.active', { tenant: caller.tenant }, { traceparent }),
    }),
  }),
];
