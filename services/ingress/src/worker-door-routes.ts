/**
 * The door for workers over HTTP. Ingress lets in who signs as a registered worker, waits on its behalf, and hands on what it
 * said to the letter: it never claims, beats or reports by itself, and the scheduler verifies the signature again.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { topicName } from '@countersign/contracts/names';
import { subjects } from '@countersign/contracts/subjects';
import {
  beatAnswer,
  beatRequest,
  claimAnswer,
  helloAnswer,
  helloRequest,
  RESULT_CLAIM_HEADER,
  resultAnswer,
  workerResult,
  writeResultClaim,
} from '@countersign/contracts/worker';
import {
  type AskedVerb,
  doorClaim,
  nextAnswer,
  nextRequest,
  type SignedByWorker,
  WORKER_HEADERS,
  workerPath,
} from '@countersign/contracts/worker-door';
import type { Bus } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import { openShares } from '@countersign/platform/shares';
import { z } from 'zod';
import type { Answer, Incoming } from './route.ts';
import { type Route, route } from './route.ts';

const ASKED = {
  hello: { schema: helloRequest, answer: helloAnswer, says: 'Whether its work would count, and the proof who answers' },
  claim: { schema: doorClaim, answer: claimAnswer, says: 'Granted, lost, or not now' },
  beat: { schema: beatRequest, answer: beatAnswer, says: 'An order for each attempt' },
} as const;

const SUMMARIES: Readonly<Record<AskedVerb, string>> = {
  hello: 'Ask before taking work whether it would count',
  claim: 'Ask for the right to run a delivery, or refuse its warrant',
  beat: 'Keep the leases of what runs, and hear what must stop',
};

export function workerDoorRoutes(bus: Bus): Route[] {
  const asked = (Object.keys(ASKED) as AskedVerb[]).map((verb) => askRoute(bus, verb));
  return [...asked, nextRoute(bus), resultRoute(bus)];
}

function askRoute(bus: Bus, verb: AskedVerb): Route {
  const { schema, answer, says } = ASKED[verb];
  return route({
    method: 'post',
    path: workerPath(verb),
    summary: SUMMARIES[verb],
    permissions: [],
    workers: true,
    body: { schema, limit: LIMITS.worker_request_bytes, as_sent: true },
    answers: { 200: { says, schema: answer } },
    async gives(incoming) {
      const { traceparent } = incoming;
      const { value } = await bus.call('scheduler.worker', { verb, ...signedOf(incoming) }, { traceparent });
      return value;
    },
  });
}

function nextRoute(bus: Bus): Route {
  const waiting = openShares(LIMITS.waiting_workers);
  return route({
    method: 'post',
    path: workerPath('next'),
    summary: "Wait for the pool's next delivery",
    permissions: [],
    workers: true,
    body: { schema: nextRequest, limit: LIMITS.worker_request_bytes, as_sent: true },
    answers: { 200: { says: 'A delivery, or none in that time', schema: nextAnswer } },
    async handle(incoming) {
      const { pool, worker } = workerOf(incoming);
      const leave = waiting.take([pool, worker]);
      try {
        return await waitForDelivery(bus, incoming);
      } finally {
        leave();
      }
    },
  });
}

/** In slices: the scheduler looks at each again whether the worker was revoked, and who is gone takes no message. */
async function waitForDelivery(bus: Bus, incoming: Asking): Promise<Answer> {
  const { signal, traceparent } = incoming;
  const asked = signedOf(incoming);
  const began = monotonicMs();
  for (let slice_ms = 0; ; ) {
    const { wait_ms, delivery } = await bus.call('scheduler.next', { ...asked, slice_ms }, { traceparent });
    const left = wait_ms - (monotonicMs() - began);
    if (delivery !== null && signal.aborted) await giveBack(bus, delivery.receipt);
    if (delivery !== null || left <= 0 || signal.aborted) return { status: 200, json: { delivery } };
    slice_ms = Math.min(Math.ceil(left), LIMITS.worker_slice_ms);
  }
}

/** Best effort: what is not given back comes again in a while. */
async function giveBack(bus: Bus, receipt: string): Promise<void> {
  await bus.call('scheduler.give_back', { receipt }).catch((thrown: unknown) => {
    if (!(thrown instanceof CountersignError)) throw thrown;
  });
}

function resultRoute(bus: Bus): Route {
  return route({
    method: 'post',
    path: workerPath('result'),
    summary: 'Report the signed result of an attempt; repeated until it is settled or refused',
    permissions: [],
    workers: true,
    query: z.strictObject({ topic: topicName }),
    body: { schema: workerResult, limit: LIMITS.worker_result_bytes },
    answers: { 200: { says: 'What came of it, after the commit', schema: resultAnswer } },
    async gives(incoming) {
      const { body, raw, query } = incoming;
      const { pool, worker } = workerOf(incoming);
      const subject = subjects.forwardedResult(pool, worker, body.tenant, query.topic);
      const headers = { [RESULT_CLAIM_HEADER]: writeResultClaim(body) };
      const said = await bus.askRaw(subject, JSON.stringify(raw), {
        timeout_ms: LIMITS.rpc_ms,
        headers,
        repeatable: true,
      });
      const answer = resultAnswer.safeParse(said).data;
      if (answer?.dispatch_id !== body.dispatch_id || answer.claim_id !== body.claim_id)
        throw new CountersignError('output_unavailable');
      return answer;
    },
  });
}

type Asking = Pick<Incoming<unknown, unknown, unknown>, 'caller' | 'header' | 'text' | 'signal' | 'traceparent'>;

/** Throws where the route is not the workers' alone. */
export function workerOf({ caller }: Pick<Asking, 'caller'>): { pool: string; worker: string } {
  if (caller.worker === undefined) throw new Error("a route of the workers' door was reached by somebody else");
  return caller.worker;
}

/** What its signature covers, as it came. */
function signedOf({ header, text }: Asking): SignedByWorker {
  if (text === null)
    throw new CountersignError('json_malformed', `longer than ${LIMITS.worker_request_bytes} bytes, or no UTF-8`);
  const headers = Object.fromEntries(WORKER_HEADERS.map((name) => [name, header(name) ?? '']));
  return { authority: header('host') ?? '', headers: headers as SignedByWorker['headers'], body: text };
}
