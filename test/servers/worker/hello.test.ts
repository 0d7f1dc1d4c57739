/** A worker whose work would not count is told so when it starts, and takes nothing. */
import { sign } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcRequest } from '@countersign/contracts/rpc';
import { HELLO_CODES, helloText } from '@countersign/contracts/worker';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import type { Database } from '@countersign/platform/database';
import { createNatsKey } from '@countersign/platform/nats-key';
import { answerHello } from '@countersign/scheduler/claim/answer-hello';
import { openKnownReaders } from '@countersign/scheduler/claim/store-readers';
import { createWarrantSigner } from '@countersign/scheduler/dispatch/sign-warrant';
import { WorkerStartError } from '@countersign/worker/say-hello';
import type { WorkerOptions } from '@countersign/worker/worker-options';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSigningKey } from '../../cases/worker/make-warrant.ts';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase } from '../../harness/create-database.ts';
import { type FakeScheduler, POOL, startFakeScheduler, WORKER } from './fake-scheduler.ts';

let fake: FakeScheduler;
let handled = 0;
beforeAll(async () => {
  fake = await startFakeScheduler();
});
afterAll(() => fake[Symbol.asyncDispose]());

/** For what goes on failing until it is given up; what is answered waits as long as the answer takes. */
const SOON = { start_wait_ms: 1_000 };

async function started(options: Partial<WorkerOptions> = {}): Promise<string> {
  const worker = fake.worker({
    handle: () => {
      handled += 1;
      return null;
    },
    ...options,
  });
  try {
    await worker.start();
    return 'started';
  } catch (thrown) {
    if (thrown instanceof WorkerStartError) return thrown.code;
    throw thrown;
  }
}

test.each<[string, () => Partial<WorkerOptions>]>([
  ['scheduler_key_unpinned', () => ({ scheduler_public_keys: [createSigningKey().public_key] })],
  ['bus_rights_missing', () => ({ nkey_seed: fake.nats.seedOf(`worker-${POOL}-two`) })],
  ['not_let_in', () => ({ nkey_seed: createNatsKey().seed, ...SOON })],
])('%s: nothing is taken', async (code, options) => {
  await fake.dispatch();
  expect(await started(options())).toBe(code);
  expect([await fake.pending(), fake.claims.length, handled]).toEqual([expect.any(Number), 0, 0]);
  expect(await fake.pending()).toBeGreaterThan(0);
});

test.each(HELLO_CODES)('%s, as the scheduler says: nothing is taken', async (code) => {
  fake.answerHello = () => ({ code });
  expect(await started()).toBe(code);
  expect([fake.claims.length, handled]).toEqual([0, 0]);
  fake.answerHello = () => ({});
});

test('an answer that somebody else signed, or for another worker, is none of the scheduler’s', async () => {
  const { privateKey } = createSigningKey();
  fake.answerHello = () => ({ signature: sign(null, Buffer.from('anything'), privateKey).toString('base64url') });
  expect(await started()).toBe('scheduler_key_unpinned');
  fake.answerHello = () => ({});
});

test.each(['field_invalid', 'field_unknown'] as const)(
  'a scheduler of before knows less to ask (%s), and is asked that',
  async (code) => {
    const heard: boolean[] = [];
    fake.answerHello = (_, { together }) => {
      heard.push(together === true);
      if (together) throw new CountersignError(code);
      return {};
    };
    await using worker = fake.worker({ handle: () => null });
    await worker.start();
    expect(heard).toEqual([true, false]);
    fake.answerHello = () => ({});
  },
);

test('without an answer it does not start, and tells so', async () => {
  const scheduler = fake.answerHello;
  fake.answerHello = () => {
    throw new Error('a bug of the scheduler');
  };
  expect(await started(SOON)).toBe('scheduler_unavailable');
  fake.answerHello = scheduler;
});

type Key = ReturnType<typeof createSigningKey>;
type Five = [Key, Key, Key, Key, Key];

describe('the scheduler', () => {
  const [right, wrong, warrant, former, another] = Array.from({ length: 5 }, createSigningKey) as Five;
  const cleanUp = new AsyncDisposableStack();
  const readers = openKnownReaders();
  const ask = async (
    worker: string,
    key = right,
    more: Pick<RpcRequest<'scheduler.hello'>, 'together' | 'record'> = {},
  ) => {
    const nonce = '6f1c6a0e-6c5c-4f43-9b3f-0f3f0a8a0c11';
    const text = Buffer.from(helloText('worker', POOL, worker, nonce));
    const asked = { nonce, signature: sign(null, text, key.privateKey).toString('base64url'), ...more };
    const { code } = await answerHello(
      { database: scheduler, warrants: createWarrantSigner(warrant.pem), readers },
      { pool: POOL, worker },
      asked,
    );
    return code;
  };
  let scheduler: Database;
  let admin: Database;
  beforeAll(async () => {
    const made = cleanUp.use(await createDatabase());
    const as = (role: string) => connectIn(cleanUp, made.url_for(role), 1);
    admin = connectIn(cleanUp, made.admin_url, 1);
    scheduler = as('countersign_scheduler');
    const ingress = as('countersign_ingress');
    await ingress.transaction((tx) =>
      registerIdentities(tx, {
        workers: [
          { pool: POOL, worker: WORKER, public_key: right.public_key },
          { pool: POOL, worker: 'two', public_key: another.public_key },
          { pool: POOL, worker: 'gone', public_key: wrong.public_key },
        ],
      }),
    );
    await ingress.transaction((tx) =>
      revokeIdentity(tx, { what: 'worker', id: `${POOL}/gone`, reason: 'tried by a test', by_key: null }),
    );
  });
  afterAll(() => cleanUp.disposeAsync());

  test('knows who is registered, by which key, and who was revoked', async () => {
    expect(await ask(WORKER)).toBeNull();
    expect(await ask(WORKER, wrong)).toBe('signing_key_unregistered');
    expect(await ask('nobody')).toBe('worker_unknown');
    expect(await ask('gone', wrong)).toBe('revoked');
  });

  test('keeps the newest record that a worker works by, with its evidence, and takes no older one', async () => {
    const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
    const works = (version: number, letter: string, worker = WORKER, key = right) =>
      ask(worker, key, { record: { version, digest: digestOf(letter) } });
    expect([await works(5, 'a'), await works(5, 'a'), await works(7, 'b')]).toEqual([null, null, null]);
    expect([await works(5, 'a'), await works(7, 'c'), await works(7, 'b')]).toEqual([
      'record_not_newer',
      'record_not_newer',
      null,
    ]);
    // Each worker has its own, who is not let in leaves none, and without one nothing is asked.
    expect([await works(1, 'd', 'two', another), await works(9, 'e', WORKER, wrong), await ask(WORKER)]).toEqual([
      null,
      'signing_key_unregistered',
      null,
    ]);
    const taken = await admin.query<{ body: string }>(
      `SELECT body FROM ledger.entries WHERE kind = 'worker_record_taken' ORDER BY chain, seq`,
    );
    const bodies = taken.map(({ body }) => JSON.parse(body));
    expect(bodies).toEqual(
      [
        { worker: WORKER, version: 5, digest: digestOf('a') },
        { worker: WORKER, version: 7, digest: digestOf('b') },
        { worker: 'two', version: 1, digest: digestOf('d') },
      ].map((each) => ({ pool: POOL, ...each })),
    );
    const both = await Promise.all([works(8, 'f'), works(8, '0')]);
    expect(both.toSorted()).toEqual([null, 'record_not_newer'].toSorted());
  });

  test('warrants of a pool are signed together while every worker there says that it reads them', async () => {
    const other = openKnownReaders();
    const sign_together = async () => {
      await other.learn(scheduler);
      expect(other.all(POOL)).toBe(readers.all(POOL));
      return readers.all(POOL);
    };
    await admin.query('DELETE FROM scheduler.worker_sightings');
    await readers.learn(scheduler);
    expect(await sign_together()).toBe(false);
    await ask('gone', wrong, { together: true });
    await ask('two', wrong, { together: true });
    expect(await sign_together()).toBe(false);
    await ask(WORKER, right, { together: true });
    expect([await sign_together(), readers.all('other')]).toEqual([true, false]);
    await ask('two', another);
    expect(await sign_together()).toBe(false);
    await ask('two', another, { together: true });
    expect(await sign_together()).toBe(true);
    // Put back to a version of before.
    await ask('two', another);
    expect(await sign_together()).toBe(false);
    await admin.query(
      `UPDATE scheduler.worker_sightings SET seen_at = seen_at - $1 * interval '1 millisecond' WHERE worker = 'two'`,
      [LIMITS.worker_alive_ms],
    );
    await readers.learn(scheduler);
    expect(await sign_together()).toBe(true);
    // Heard of without a hello: it began under a scheduler of before.
    await admin.query(`INSERT INTO scheduler.worker_sightings (pool, worker) VALUES ($1, 'three')`, [POOL]);
    await readers.learn(scheduler);
    expect(await sign_together()).toBe(false);
  });

  test('takes the key before until its end', async () => {
    const former_ends = (until: string) =>
      admin.query(
        `UPDATE identity.workers SET former_key = $1, former_key_until = clock_timestamp() + $2::interval
        WHERE worker = $3`,
        [former.public_key, until, WORKER],
      );
    await former_ends('1 hour');
    expect([await ask(WORKER), await ask(WORKER, former)]).toEqual([null, null]);
    await former_ends('0');
    expect(await ask(WORKER, former)).toBe('signing_key_unregistered');
  });
});
