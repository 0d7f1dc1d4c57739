/** `/quarantine`: outputs that are held back. Who may review one is output-safety's to say; content is shown to who opens it. */
import { CountersignError } from '@countersign/contracts/errors';
import { quarantinePage, quarantineQuery } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import { digest, jobId } from '@countersign/contracts/names';
import { openedOutput, quarantined, releaseRequest, reviewRequest } from '@countersign/contracts/quarantine';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { principalOf } from './caller.ts';
import { type Route, route } from './route.ts';
import { streamFile } from './stream-file.ts';

const params = z.strictObject({ job_id: jobId });
const file = params.extend({ digest });
const REVIEW = ['quarantine:review'] as const;

export function quarantineRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/quarantine',
      summary: 'List quarantined outputs, newest first: those that wait, or in another state',
      permissions: ['quarantine:read'],
      query: quarantineQuery,
      answers: { 200: { says: 'One page: types and places of findings, without content', schema: quarantinePage } },
      gives: async ({ caller, query, traceparent }) => {
        const asked = { tenant: caller.tenant, ...query };
        return bus.call('output.quarantined', asked, { traceparent });
      },
    }),
    route({
      method: 'get',
      path: '/quarantine/:job_id',
      summary: "A job's quarantined output and what was done about it, without content",
      permissions: ['quarantine:read'],
      params,
      answers: { 200: { says: 'The output', schema: quarantined } },
      gives: async ({ caller, params, traceparent }) => {
        const asked = { tenant: caller.tenant, ...params };
        const { quarantined } = await bus.call('output.quarantined', asked, { traceparent });
        if (quarantined[0] === undefined) throw new CountersignError('not_found');
        return quarantined[0];
      },
    }),
    route({
      method: 'post',
      path: '/quarantine/:job_id/open',
      summary: 'Look at what was quarantined; each time is recorded',
      permissions: REVIEW,
      params,
      body: { schema: reviewRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'With the output as the worker reported it, and its files', schema: openedOutput } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { tenant: caller.tenant, ...params, ...body, principal: principalOf(caller) };
        return bus.call('output.open', asked, { traceparent });
      },
    }),
    route({
      method: 'get',
      path: '/quarantine/:job_id/artifacts/:digest',
      summary: 'A file of what you opened within the last hour, by the digest that its worker named',
      permissions: REVIEW,
      params: file,
      answers: { 200: { says: 'Its bytes', schema: z.string(), media: 'application/octet-stream' } },
      handle: async ({ caller, params, traceparent }) => {
        const asked = { tenant: caller.tenant, ...params, principal: principalOf(caller) };
        return streamFile((part) => bus.call('output.opened_artifact', { ...asked, part }, { traceparent }));
      },
    }),
    route({
      method: 'post',
      path: '/quarantine/:job_id/release',
      summary:
        'Release it, whole with its files or redacted further without them; where the policy asks for two people, the first one proposes',
      permissions: REVIEW,
      params,
      body: { schema: releaseRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'As it stands now: released, or proposed', schema: quarantined } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { tenant: caller.tenant, ...params, ...body, principal: principalOf(caller) };
        return bus.call('output.release', asked, { traceparent });
      },
    }),
    route({
      method: 'post',
      path: '/quarantine/:job_id/discard',
      summary: 'Erase it and its files; its digest and evidence stay',
      permissions: REVIEW,
      params,
      body: { schema: reviewRequest, limit: LIMITS.request_bytes },
      answers: { 200: { says: 'As it stands now', schema: quarantined } },
      gives: async ({ caller, params, body, traceparent }) => {
        const asked = { tenant: caller.tenant, ...params, ...body, principal: principalOf(caller) };
        return bus.call('output.discard', asked, { traceparent });
      },
    }),
  ];
}
