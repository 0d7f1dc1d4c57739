/**
 * The workers' door over HTTP, played: it verifies what workers sign as ingress and the scheduler do, and says what the test
 * wants, by the same hooks as the scheduler on the bus (fake-scheduler.ts).
 */
import { sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { subjects } from '@countersign/contracts/subjects';
import { beatRequest, type ClaimRequest, helloText, workerResult } from '@countersign/contracts/worker';
import { doorClaim } from '@countersign/contracts/worker-door';
import { waitUntil } from '@countersign/infra/wait-until';
import { WORKERS } from '@countersign/platform/read-signature';
import { checkBody, checkSigned, openSigned } from '@countersign/platform/signed-http';
import { createSigningKey, JOB, type Made, makeClaims, signClaims } from '../../cases/worker/make-warrant.ts';
import { type FakeScheduler, granted, POOL, WORKER } from './fake-scheduler.ts';

/** What every worker of the suite is led by. */
export type Stage = AsyncDisposable &
  Pick<
    FakeScheduler,
    | 'worker_key'
    | 'signing'
    | 'claims'
    | 'beats'
    | 'results'
    | 'answerClaim'
    | 'answerBeat'
    | 'answerResult'
    | 'dispatch'
    | 'again'
    | 'until'
  >;
export type FakeDoor = Stage & {
  url: string;
  /** Effects that workers in another process told of, by the dispatch they belong to. */
  effects: string[];
  /** Requests that were refused, with why. */
  refused: string[];
};

type Message = { subject: string; dispatch_id: string; message: string; receipt: string };

/** `older`: it knows no more of a hello than before warrants were signed together. */
export async function startFakeDoor({ older = false } = {}): Promise<FakeDoor> {
  const signing = createSigningKey();
  const nonces = new Set<string>();
  const queue: Message[] = [];
  const dispatched = new Map<string, Made>();
  const sent = new Map<string, Message>();
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const door: FakeDoor = {
    url,
    signing,
    worker_key: createSigningKey(),
    claims: [],
    beats: [],
    results: [],
    effects: [],
    refused: [],
    answerClaim: (_, made) => granted(made!),
    answerBeat: () => 'continue',
    answerResult: () => ({}),
    async dispatch(change = {}, bend = (body) => body) {
      const made = makeClaims(POOL, { ...JOB, ...change });
      const warrant = await signClaims(made.claims, signing.privateKey);
      const { salt, effective, dispatch_id } = made;
      const subject = subjects.dispatch(POOL, effective.tenant, effective.topic);
      const message = JSON.stringify(bend({ warrant, salt, effective }));
      dispatched.set(dispatch_id, made);
      sent.set(dispatch_id, { subject, dispatch_id, message, receipt: receiptOf(dispatch_id) });
      await door.again(made);
      return made;
    },
    again: async ({ dispatch_id }) => void queue.push(sent.get(dispatch_id)!),
    until: (what, probe) => waitUntil(what, async () => probe(), { timeout_ms: 20_000 }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const body = Buffer.concat(await request.toArray()).toString();
    const [path = '', verb = ''] = /^\/api\/v1\/worker\/(\w+)/.exec(request.url!) ?? [];
    if (path === '') {
      door.effects.push(request.url!.slice(1));
      return { status: 200, body: {} };
    }
    try {
      await verify(request, body);
      return { status: 200, body: await say(verb, JSON.parse(body)) };
    } catch (thrown) {
      const code = (thrown as { code?: string }).code ?? 'scheduler_unavailable';
      const status = { scheduler_unavailable: 503, field_unknown: 400 }[code] ?? 401;
      door.refused.push(code);
      return { status, body: { code, detail: String(thrown) } };
    }
  }

  async function verify(request: IncomingMessage, body: string): Promise<void> {
    const header = (name: string) => request.headers[name] as string | undefined;
    const signed = { method: request.method!, target: request.url!, host: request.headers.host!, header };
    const opened = openSigned(signed, WORKERS);
    await checkSigned(signed, opened, [{ key: door.worker_key.publicKey }]);
    checkBody(opened, body);
    const { keyid, nonce } = opened.terms;
    if (keyid !== `worker:${POOL}/${WORKER}` || nonces.has(nonce))
      throw Object.assign(new Error(), { code: 'unauthenticated' });
    nonces.add(nonce);
  }

  async function say(verb: string, asked: unknown): Promise<unknown> {
    switch (verb) {
      case 'hello': {
        const { nonce, together } = asked as { nonce: string; together?: true };
        if (older && together) throw Object.assign(new Error(), { code: 'field_unknown' });
        const text = Buffer.from(helloText('scheduler', POOL, WORKER, nonce));
        const signature = sign(null, text, signing.privateKey).toString('base64url');
        return { nonce, code: null, pool_active: true, signature };
      }
      case 'next': {
        const end = performance.now() + Math.min(500, (asked as { wait_ms: number }).wait_ms);
        while (queue.length === 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
        return { delivery: queue.shift() ?? null };
      }
      case 'claim':
        return sayClaim(doorClaim.parse(asked));
      case 'beat': {
        const { attempts } = beatRequest.parse(asked);
        door.beats.push({ at: performance.now(), attempts });
        const orders = attempts.map(async ({ dispatch_id, reported }) => ({
          ...{ dispatch_id, reason: null },
          order: await door.answerBeat(dispatch_id, reported),
        }));
        return { attempts: await Promise.all(orders) };
      }
      default: {
        const result = workerResult.parse(asked);
        door.results.push(result);
        const { dispatch_id, claim_id } = result;
        return { dispatch_id, claim_id, outcome: 'settled', code: null, ...(await door.answerResult(result)) };
      }
    }
  }

  async function sayClaim({ receipt, ...request }: ReturnType<typeof doorClaim.parse>): Promise<unknown> {
    const { dispatch_id, claim_id } = request;
    if (receipt !== receiptOf(dispatch_id)) throw new Error('the receipt of another delivery');
    if (!door.claims.some((claim) => claim.claim_id === claim_id)) door.claims.push(request as ClaimRequest);
    const verdict = await door.answerClaim(request as ClaimRequest, dispatched.get(dispatch_id));
    if (verdict.outcome === 'wait') setTimeout(() => door.again(dispatched.get(dispatch_id)!), verdict.retry_ms);
    return { dispatch_id, claim_id, ...verdict };
  }
  return door;
}

function receiptOf(dispatch_id: string): string {
  return `$JS.ACK.DISPATCH.pool-${POOL}.${dispatch_id}`;
}
