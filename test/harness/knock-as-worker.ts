/** A worker over HTTP that a test leads by the hand: it signs what it is told to, under its own name or another's. */
import { createPrivateKey } from 'node:crypto';
import { DEVELOPMENT_WORKER } from '@countersign/infra/development-roster';
import { type DoorIdentity, signDoorRequest } from '@countersign/worker/sign-door-request';
import type { TestSystem } from './start-system.ts';

type Said = { status: number; body: any; headers: Headers };
type Knock = {
  as?: Partial<DoorIdentity>;
  query?: string;
  /** Signed already, or signed for something else. */
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

export type Knocker = {
  identity: DoorIdentity;
  sign(verb: string, body: string, knock?: Knock): Record<string, string>;
  ask(verb: string, body: unknown, knock?: Knock): Promise<Said>;
};

export function knockAsWorker(system: TestSystem, pool: string): Knocker {
  const worker = DEVELOPMENT_WORKER;
  const signingKey = createPrivateKey(system.keys.worker_signing[`${pool}/${worker}`]!.private_pem);
  const identity: DoorIdentity = { pool, worker, signingKey };
  const urlOf = (verb: string, query = ''): URL => new URL(`/api/v1/worker/${verb}${query}`, system.url);
  const knocker: Knocker = {
    identity,
    sign: (verb, body, { as = {}, query } = {}) => signDoorRequest({ ...identity, ...as }, urlOf(verb, query), body),
    async ask(verb, body, knock = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(urlOf(verb, knock.query), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(knock.headers ?? knocker.sign(verb, text, knock)) },
        body: text,
        ...(knock.signal ? { signal: knock.signal } : {}),
      });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
  };
  return knocker;
}
