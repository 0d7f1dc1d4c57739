/** `/policy/bundles`: publish, list, activate, shadow. The kernel judges; a document goes to it exactly as it was sent. */
import { bundleQuery } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { bundleDocument } from '@countersign/contracts/policy';
import {
  activated,
  activateRequest,
  bundlePage,
  bundleParams,
  publishedBundle,
  publishQuery,
  shadowAnswer,
  shadowRequest,
} from '@countersign/contracts/policy-rollout';
import type { Bus } from '@countersign/platform/bus';
import { type Caller, mayAny, principalOf } from './caller.ts';
import { type Route, route } from './route.ts';

export function bundleRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'post',
      path: '/policy/bundles',
      summary: 'Publish a signed bundle; it decides nothing until it is activated',
      permissions: ['policy:publish'],
      body: { schema: bundleDocument, limit: LIMITS.bundle_document_bytes, as_sent: true },
      answers: {
        200: { says: 'It was published before', schema: publishedBundle },
        201: { says: 'Verified and stored; with groups that have too few people', schema: publishedBundle },
      },
      query: publishQuery,
      handle: async ({ caller, query, text, traceparent }) => {
        const document = fitting(text);
        const { bundle, created } = await bus.call(
          'policy.publish',
          { ...changeBy(caller), document, strict: query.strict !== undefined },
          waiting(traceparent),
        );
        return { status: created ? 201 : 200, json: bundle };
      },
    }),
    route({
      method: 'get',
      path: '/policy/bundles',
      summary: 'Published bundles that may decide for the tenant, newest first',
      permissions: ['policy:read'],
      query: bundleQuery,
      answers: { 200: { says: 'One page', schema: bundlePage } },
      gives: ({ caller, query, traceparent }) =>
        bus.call('policy.bundles', { tenant: caller.tenant, ...query }, { traceparent }),
    }),
    route({
      method: 'post',
      path: '/policy/bundles/:version/activate',
      summary: 'Put a published bundle in force, in all of its scopes at once',
      permissions: ['policy:activate'],
      params: bundleParams,
      body: { schema: activateRequest, limit: LIMITS.request_bytes, optional: true },
      answers: { 200: { says: 'It is active', schema: activated } },
      gives: ({ caller, params, body, traceparent }) =>
        bus.call('policy.activate', { ...changeBy(caller), ...body, ...params }, waiting(traceparent)),
    }),
    route({
      method: 'post',
      path: '/policy/bundles/:version/shadow',
      summary: 'Let a published bundle decide beside the active one, affecting nothing',
      permissions: ['policy:try'],
      params: bundleParams,
      body: { schema: shadowRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'What shadows now', schema: shadowAnswer } },
      gives: ({ caller, params, body, traceparent }) =>
        bus.call('policy.shadow', { ...changeBy(caller), ...body, ...params }, waiting(traceparent)),
    }),
    route({
      method: 'get',
      path: '/policy/shadow',
      summary: 'The bundle that shadows the active policy',
      permissions: ['policy:read'],
      answers: { 200: { says: 'What shadows now', schema: shadowAnswer } },
      gives: ({ caller, traceparent }) => bus.call('policy.shadowing', { tenant: caller.tenant }, { traceparent }),
    }),
  ];
}

/** On the bus the document stands in a string, where each of its quotes costs one more byte. */
function fitting(text: string | null | undefined): string | null {
  return text != null && Buffer.byteLength(JSON.stringify(text)) <= LIMITS.bundle_document_bytes ? text : null;
}

function changeBy(caller: Caller) {
  return {
    tenant: caller.tenant,
    principal: principalOf(caller),
    global: mayAny(caller, ['policy:global']),
  };
}

/** A large policy takes its time to be read; whoever brings one is told what became of it. */
function waiting(traceparent: string) {
  return { traceparent, timeout_ms: LIMITS.publish_ms };
}
