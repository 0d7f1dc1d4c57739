/**
 * Artifacts: what workers put beside their results, handed on part by part, and what readers get of it once it was released. One part
 * is in memory at a time; whether somebody may put or have it output-safety says.
 */
import {
  type ArtifactEnd,
  artifactEnd,
  artifactList,
  artifactPartQuery,
  artifactParts,
  artifactState,
} from '@countersign/contracts/artifact';
import { LIMITS } from '@countersign/contracts/limits';
import { digest, jobId } from '@countersign/contracts/names';
import { workerPath } from '@countersign/contracts/worker-door';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { jobKeyOf, requireJob } from './job-access.ts';
import { type Route, route } from './route.ts';
import { streamFile } from './stream-file.ts';
import { workerOf } from './worker-door-routes.ts';

const params = z.object({ job_id: jobId });
const one = params.extend({ digest });

export function artifactRoutes(bus: Bus): Route[] {
  return [partRoute(bus), endRoute(bus), listRoute(bus), readRoute(bus)];
}

function partRoute(bus: Bus): Route {
  return route({
    method: 'post',
    path: workerPath('artifact'),
    summary: 'Put one part of an artifact, in order; the same part again is the same',
    permissions: [],
    workers: true,
    query: artifactPartQuery,
    body: { schema: z.string(), limit: LIMITS.artifact_part_bytes, bytes: true },
    answers: { 200: { says: 'How much of it there is', schema: artifactParts } },
    async gives(incoming) {
      const { query, bytes, traceparent } = incoming;
      const data = Buffer.from(bytes!).toString('base64');
      const asked = { ...query, ...workerOf(incoming), part: Number(query.part), data };
      return bus.call('output.artifact_part', asked, { traceparent });
    },
  });
}

function endRoute(bus: Bus): Route {
  return route({
    method: 'post',
    path: workerPath('artifact/end'),
    summary: 'Say what the parts together are; repeated until it was screened',
    permissions: [],
    workers: true,
    body: { schema: artifactEnd, limit: LIMITS.worker_request_bytes },
    answers: { 200: { says: 'Whether a result may name it', schema: artifactState } },
    async gives(incoming) {
      const { body, traceparent } = incoming;
      const asked = { ...(body as ArtifactEnd), ...workerOf(incoming) };
      return bus.call('output.artifact_end', asked, { traceparent });
    },
  });
}

function listRoute(bus: Bus): Route {
  return route({
    method: 'get',
    path: '/jobs/:job_id/artifacts',
    summary: 'Files of the result, once it was screened and released',
    permissions: ['results:read', 'jobs:read:own'],
    params,
    answers: { 200: { says: 'In the order of the result', schema: artifactList } },
    async gives(incoming) {
      await requireJob(bus, incoming, 'results:read');
      const { artifacts } = await bus.call('output.artifacts', jobKeyOf(incoming), incoming);
      return { artifacts };
    },
  });
}

function readRoute(bus: Bus): Route {
  return route({
    method: 'get',
    path: '/jobs/:job_id/artifacts/:digest',
    summary: 'One of them, by the digest that its worker named: as screened',
    permissions: ['results:read', 'jobs:read:own'],
    params: one,
    answers: { 200: { says: 'Its bytes', schema: z.string(), media: 'application/octet-stream' } },
    async handle(incoming) {
      await requireJob(bus, incoming, 'results:read');
      const { params, traceparent } = incoming;
      const asked = { ...jobKeyOf(incoming), digest: params.digest };
      return streamFile((part) => bus.call('output.artifact_read', { ...asked, part }, { traceparent }));
    },
  });
}
