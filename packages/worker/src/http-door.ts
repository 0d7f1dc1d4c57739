/**
 * The bus as a worker over HTTP has it: the same questions through the door of the API, each signed with the key that signs
 * results. It holds no credential of NATS and needs no way to it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError, failure } from '@countersign/contracts/errors';
import { API_PREFIX } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcRequest, RpcVerb } from '@countersign/contracts/rpc';
import { readResultSubject } from '@countersign/contracts/subjects';
import {
  beatAnswer,
  type ClaimAnswer,
  type ClaimRequest,
  claimAnswer,
  helloAnswer,
  type ResultAnswer,
  type ResultClaim,
} from '@countersign/contracts/worker';
import { type Delivery, nextAnswer, workerPath } from '@countersign/contracts/worker-door';
import type { Bus, StreamMessage } from '@countersign/platform/bus';
import { errorFields, type Logger } from '@countersign/platform/logger';
import { type DoorIdentity, signDoorRequest } from './sign-door-request.ts';

/** What a worker needs of the bus. `offer`: a delivery that another process of the same worker was handed, over HTTP alone. */
export type WorkerBus = Pick<Bus, 'callAt' | 'askRaw' | 'close'> & {
  pull(...asked: Parameters<Bus['pull']>): ReturnType<Bus['pull']> & { offer?(delivery: Delivery): void };
  /** The door of the API takes one result a request. */
  isHttp?: true;
};
export type DoorOptions = DoorIdentity & { url: string; log: Logger };
type DoorVerb = Parameters<typeof workerPath>[0];
type Post = (
  verb: DoorVerb,
  body: string,
  options: { timeout_ms: number; query?: string; signal?: AbortSignal },
) => Promise<unknown>;

/** What this door says to who is none of its workers. */
const NOBODY: ReadonlySet<string> = new Set(['unauthenticated', 'revoked', 'signature_invalid']);
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

export function openHttpDoor(options: DoorOptions): WorkerBus {
  const closing = new AbortController();
  const receipts = new Map<string, string>();
  const post: Post = (verb, body, { timeout_ms, query = '', signal = closing.signal }) =>
    postSigned(options, verb, body, query, AbortSignal.any([closing.signal, signal, AbortSignal.timeout(timeout_ms)]));

  const claimOne = async (request: ClaimRequest): Promise<ClaimAnswer> => {
    const receipt = receipts.get(request.dispatch_id);
    const body = JSON.stringify(receipt === undefined ? request : { ...request, receipt });
    const answer = claimAnswer.parse(await post('claim', body, { timeout_ms: LIMITS.rpc_ms }));
    if (answer.dispatch_id !== request.dispatch_id || answer.claim_id !== request.claim_id)
      throw new CountersignError('scheduler_unavailable', 'the answer is for another claim');
    receipts.delete(request.dispatch_id);
    return answer;
  };
  const answers: Partial<Record<RpcVerb, (request: never) => Promise<unknown>>> = {
    'scheduler.hello': async (request: RpcRequest<'scheduler.hello'>) =>
      helloAnswer.parse(await post('hello', JSON.stringify(request), { timeout_ms: LIMITS.rpc_ms })),
    'scheduler.beat': async (request: RpcRequest<'scheduler.beat'>) =>
      beatAnswer.parse(await post('beat', JSON.stringify(request), { timeout_ms: LIMITS.rpc_ms })),
    'scheduler.claim': async ({ items }: RpcRequest<'scheduler.claim'>) => {
      const values = await Promise.all(items.map(claimOne));
      return { answers: values.map((value) => ({ ok: true, value })) };
    },
  };
  return {
    isHttp: true,
    callAt: async <V extends RpcVerb>(_: string, verb: V, request: RpcRequest<V>) =>
      (await answers[verb]!(request as never)) as RpcAnswer<V>,
    askRaw: async (subject, body, { timeout_ms }) => {
      const query = `?topic=${readResultSubject(subject)!.topic}`;
      return post('result', body, { timeout_ms, query }).catch((thrown: unknown) => refusedOf(body, thrown));
    },
    pull: (_, handle) => pullByPolling(post, receipts, handle, options.log),
    close: async () => closing.abort(),
  };
}

/** One request waits at a time; what it brings takes a slot, and the next one asks. */
function pullByPolling(
  post: Post,
  receipts: Map<string, string>,
  handle: (message: StreamMessage) => void,
  log: Logger,
): ReturnType<WorkerBus['pull']> {
  const stopped = new AbortController();
  let room = 0;
  let polling = false;
  const poll = async (): Promise<void> => {
    if (polling) return;
    polling = true;
    for (let failed = 0; room > 0 && !stopped.signal.aborted; ) {
      try {
        const found = await takeNext(post, stopped.signal);
        failed = 0;
        if (found === null || stopped.signal.aborted) continue;
        room -= 1;
        remember(receipts, found);
        handle(toMessage(found));
      } catch (thrown) {
        if (stopped.signal.aborted) break;
        log.warn(errorFields(thrown), 'no work could be asked for');
        await pauseFor(Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** failed), stopped.signal);
        failed += 1;
      }
    }
    polling = false;
  };
  return {
    want(more) {
      room = more;
      void poll();
    },
    stop: async () => stopped.abort(),
    offer(delivery) {
      remember(receipts, delivery);
      handle(toMessage(delivery));
    },
  };
}

async function takeNext(post: Post, signal: AbortSignal): Promise<Delivery | null> {
  const timeout_ms = LIMITS.worker_wait_ms + LIMITS.rpc_ms;
  const answer = await post('next', JSON.stringify({ wait_ms: LIMITS.worker_wait_ms }), { timeout_ms, signal });
  return nextAnswer.parse(answer).delivery;
}

/** Of what is never claimed the oldest goes: its message comes again with another receipt. */
function remember(receipts: Map<string, string>, { dispatch_id, receipt }: Delivery): void {
  if (receipts.size >= LIMITS.beat_attempts) receipts.delete(receipts.keys().next().value as string);
  receipts.set(dispatch_id, receipt);
}

/** The claim settles it; what is not claimed comes again by itself. */
function toMessage({ subject, dispatch_id, message, receipt }: Delivery): StreamMessage {
  const nothing = (): void => undefined;
  return {
    subject,
    data: Buffer.from(message),
    stored_at: '',
    traceparent: undefined,
    msg_id: dispatch_id,
    receipt,
    json: () => JSON.parse(message),
    ack: nothing,
    nak: nothing,
    working: nothing,
    term: nothing,
  };
}

/** Whoever is not let in any more has reported for nothing: its results are refused as on the bus. */
function refusedOf(body: string, thrown: unknown): ResultAnswer {
  if (!(thrown instanceof CountersignError) || !NOBODY.has(thrown.code)) throw thrown;
  const { dispatch_id, claim_id } = JSON.parse(body) as ResultClaim;
  return { dispatch_id, claim_id, outcome: 'refused', code: thrown.code };
}

/** Throws the failure that was answered, or `ingress_unavailable`. */
async function postSigned(options: DoorOptions, verb: DoorVerb, body: string, query: string, signal: AbortSignal) {
  const url = new URL(`${API_PREFIX}${workerPath(verb)}${query}`, options.url);
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: signDoorRequest(options, url, body),
    signal,
  }).catch((thrown: unknown) => {
    throw new CountersignError('ingress_unavailable', undefined, { cause: thrown });
  });
  const said: unknown = await response.json().catch(() => null);
  if (response.ok) return said;
  const { code, detail, at } = failure.safeParse(said).data ?? { code: 'ingress_unavailable' as const };
  throw new CountersignError(code, detail, { at });
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return pause(ms * (1 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}
