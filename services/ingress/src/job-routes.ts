/** `/jobs`: submit, list, look at one with all its evidence, cancel. What it shows of content is the released result alone. */

import { CountersignError } from '@countersign/contracts/errors';
import {
  accepted,
  cancelRequest,
  decisionList,
  denied,
  ended,
  errorBody,
  idempotencyKey,
  jobPage,
  jobQuery,
  shownJob,
  submitQuery,
  timeline,
} from '@countersign/contracts/http';
import { issueWords } from '@countersign/contracts/issue-words';
import { jobRequest, jobView } from '@countersign/contracts/job';
import { showBody } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { jobId } from '@countersign/contracts/names';
import { resultView } from '@countersign/contracts/output';
import { runRecord } from '@countersign/contracts/record';
import type { Bus } from '@countersign/platform/bus';
import { z } from 'zod';
import { awaitEnd, type Ending } from './await-end.ts';
import { principalOf } from './caller.ts';
import { actorFilter, jobKeyOf, readJob, requireJob } from './job-access.ts';
import { type Route, route } from './route.ts';
import type { EventStreams } from './stream-events.ts';
import type { SubmitJob } from './submit-job.ts';
import type { WaitingCallers } from './waiting-callers.ts';
import { withWaiting } from './waiting-for.ts';

const params = z.strictObject({ job_id: jobId });
const READ = ['jobs:read', 'jobs:read:own'] as const;

const lastEventId = z.string().regex(/^\d{1,9}$/, 'must be the id of an event');

type JobParts = { bus: Bus; submit: SubmitJob; streams: EventStreams; waiting: WaitingCallers };

export function jobRoutes({ bus, submit, streams, waiting }: JobParts): Route[] {
  return [
    submitRoute(submit, { bus, streams, waiting }),
    listRoute(bus),
    ...evidenceRoutes(bus),
    resultRoute(bus),
    eventsRoute(bus, streams),
    cancelRoute(bus, waiting),
  ];
}

function submitRoute(submit: SubmitJob, ending: Ending): Route {
  return route({
    method: 'post',
    path: '/jobs',
    summary: 'Submit a job: decided before it is stored',
    permissions: ['submit'],
    query: submitQuery,
    body: { schema: jobRequest, limit: LIMITS.request_bytes },
    headers: {
      'Idempotency-Key': { says: 'The same key and body get the first answer again', schema: idempotencyKey },
    },
    answers: {
      200: { says: 'With `wait`: the job has ended meanwhile', schema: ended },
      202: { says: 'Stored, with its evidence; held when a human has to countersign', schema: accepted },
      403: {
        says: 'Denied by the policy, and recorded; or the credential may not submit',
        schema: z.union([denied, errorBody]),
      },
    },
    handle: async (incoming) => {
      const { caller, raw = null, body, query, header, traceparent } = incoming;
      const idempotency_key = readIdempotencyKey(header('idempotency-key'));
      const submitted = await submit({ caller, raw, sent: body, idempotency_key, traceparent });
      const headers: Record<string, string> = submitted.replayed ? { 'idempotency-replayed': 'true' } : {};
      const wait_ms = (query.wait ?? 0) * 1_000;
      // What is new cannot have ended yet.
      const mayHaveEnded = wait_ms > 0 || (query.wait === 0 && submitted.replayed);
      if (submitted.status === 202 && mayHaveEnded) {
        const { signal } = incoming;
        const json = await awaitEnd(ending, submitted.body, { caller, wait_ms, signal, traceparent });
        if (json !== null) return { status: 200, json, headers };
      }
      return { status: submitted.status, json: submitted.body, headers };
    },
  });
}

function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const parsed = idempotencyKey.safeParse(header);
  if (parsed.success) return `key:${parsed.data}`;
  throw new CountersignError('field_invalid', issueWords(parsed.error.issues[0]!), { at: 'Idempotency-Key' });
}

function listRoute(bus: Bus): Route {
  return route({
    method: 'get',
    path: '/jobs',
    summary: 'Search jobs, newest first: all filters that are given must hold',
    permissions: READ,
    query: jobQuery,
    answers: { 200: { says: 'One page', schema: jobPage } },
    gives: async ({ caller, query, traceparent }) => {
      const own = actorFilter(caller);
      // Whoever sees only the own jobs finds nobody else's.
      if (own !== null && query.actor !== undefined && query.actor !== own) return { jobs: [], next_cursor: null };
      const asked = { tenant: caller.tenant, ...query, actor: own ?? query.actor ?? null };
      return bus.call('scheduler.list', asked, { traceparent });
    },
  });
}

function evidenceRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/jobs/:job_id',
      summary: 'A job: state and digests, never content',
      permissions: READ,
      params,
      answers: { 200: { says: 'The job', schema: shownJob } },
      gives: async (incoming) => {
        const job = await readJob(bus, incoming, 'jobs:read');
        return withWaiting(bus, job, incoming.traceparent);
      },
    }),
    route({
      method: 'get',
      path: '/jobs/:job_id/decisions',
      summary: 'Every decision on the job, newest first',
      permissions: READ,
      params,
      answers: { 200: { says: 'As recorded in the ledger', schema: decisionList } },
      gives: async (incoming) => {
        await requireJob(bus, incoming, 'jobs:read');
        const { decisions } = await bus.call('audit.decisions', jobKeyOf(incoming), incoming);
        return decisions;
      },
    }),
    route({
      method: 'get',
      path: '/jobs/:job_id/timeline',
      summary: "The job's ledger chain, oldest entry first",
      permissions: READ,
      params,
      answers: {
        200: { says: 'Entries as they were recorded; the hash covers the canonical JSON of `body`', schema: timeline },
      },
      gives: async (incoming) => {
        await requireJob(bus, incoming, 'jobs:read');
        const { entries } = await bus.call('audit.timeline', jobKeyOf(incoming), incoming);
        return entries.map(showBody);
      },
    }),
    route({
      method: 'get',
      path: '/jobs/:job_id/record',
      summary: 'The run record that an auditor reads, with its proof',
      permissions: READ,
      params,
      answers: { 200: { says: 'Made from the ledger alone', schema: runRecord } },
      gives: async (incoming) => {
        await requireJob(bus, incoming, 'jobs:read');
        return bus.call('audit.record', jobKeyOf(incoming), incoming);
      },
    }),
  ];
}

function resultRoute(bus: Bus): Route {
  return route({
    method: 'get',
    path: '/jobs/:job_id/result',
    summary: 'The result, once it was screened and released',
    permissions: ['results:read', 'jobs:read:own'],
    params,
    answers: { 200: { says: 'As screened', schema: resultView } },
    gives: async (incoming) => {
      await requireJob(bus, incoming, 'results:read');
      return bus.call('output.read', jobKeyOf(incoming), incoming);
    },
  });
}

function eventsRoute(bus: Bus, streams: EventStreams): Route {
  return route({
    method: 'get',
    path: '/jobs/:job_id/events',
    summary: "The job's ledger entries as they are sealed; ends after the terminal one",
    permissions: READ,
    params,
    headers: { 'Last-Event-ID': { says: 'Resume after this entry of the chain', schema: lastEventId } },
    answers: {
      200: {
        says: 'Server-sent events: id is seq, event is kind, data the entry',
        schema: z.string(),
        media: 'text/event-stream',
      },
      204: { says: 'The job has ended and `Last-Event-ID` is its last entry: there is nothing more to come' },
    },
    handle: async (incoming) => {
      await readJob(bus, incoming, 'jobs:read');
      const after = readLastEventId(incoming.header('last-event-id'));
      const stream = await streams.open(jobKeyOf(incoming), { after, reader: incoming.caller });
      // HTML Living Standard, section 9.2.3: a reader that hears 204 does not connect again.
      return stream === null ? { status: 204 } : { stream };
    },
  });
}

/** An invalid id counts as none: the stream starts at the beginning. */
function readLastEventId(header: string | undefined): number {
  return Number(lastEventId.safeParse(header).data ?? -1);
}

function cancelRoute(bus: Bus, waiting: WaitingCallers): Route {
  return route({
    method: 'post',
    path: '/jobs/:job_id/cancel',
    summary: 'Cancel: at once before dispatch, by a stop once it runs',
    permissions: ['cancel', 'cancel:own'],
    params,
    body: { schema: cancelRequest, limit: LIMITS.request_bytes, optional: true },
    answers: { 200: { says: 'The job as it stands now', schema: jobView } },
    gives: async (incoming) => {
      await requireJob(bus, incoming, 'cancel');
      const { caller, body, traceparent } = incoming;
      const asked = { ...jobKeyOf(incoming), principal: principalOf(caller), reason: body.reason ?? null };
      const job = await bus.call('scheduler.cancel', asked, { traceparent });
      waiting.hint(asked);
      return job;
    },
  });
}
