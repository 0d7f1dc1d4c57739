/**
 * `npm run bench:revocation`: from the commit of a revocation to its last effect, each kind, while jobs are submitted and run. What
 * asks holds on until it is refused, as a thief would; two of each service when REPLICAS=2. A session is an API key, and so is
 * measured as one.
 */
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openSigner, type Signer, signRequest } from '@countersign/client/sign-request';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { DEVELOPMENT_TENANT as tenant } from '@countersign/infra/development-roster';
import { hashApiKey, keyIdOf, newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import { createNatsKey } from '@countersign/platform/nats-key';
import { knockAsWorker } from '../../harness/knock-as-worker.ts';
import { knock } from '../../harness/knock-on-bus.ts';
import { playWorker } from '../../harness/play-worker.ts';
import { startWorker } from '../../harness/start-worker.ts';
import { RATE, say, startLoadedSystem, told } from '../loaded-system.ts';

const TRIES = Number(process.env.BENCH_TRIES ?? 20);
const POLL_MS = 10;
/** A right one that is refused would measure nothing; nor does one that is never refused. */
const MOST_MS = 10_000;
const CEILING = { topics: ['*'], capabilities: ['*'], environments: ['*'] };

type Trial = {
  what: Revocation['what'];
  id: string;
  effects: Record<string, Promise<void>>;
  clear?: () => Promise<unknown>;
};

const cleanUp = new AsyncDisposableStack();
try {
  const loaded = cleanUp.use(await startLoadedSystem('revocation'));
  const { system, url, database } = loaded;
  cleanUp.use(await startWorker(system, 'demo-read', () => ({ ok: true }), 16));
  const played = cleanUp.use(await playWorker(system, 'desk-read'));
  await loaded.load();

  const register = (given: Parameters<typeof registerIdentities>[1]): Promise<unknown> =>
    database.transaction((tx) => registerIdentities(tx, given));
  const send = async (path: string, headers: Record<string, string>, body?: object): Promise<number> => {
    const sent = await fetch(`${url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await sent.text();
    return sent.status;
  };
  /** Of one trial: what asks has asked once before anything is revoked. */
  let begun: Promise<number>[] = [];
  /** `good`: the answers that mean that it still counts. */
  const until = async (ask: () => Promise<number>, good: readonly number[]): Promise<void> => {
    const begins = ask();
    begun.push(begins);
    const first = await begins;
    if (!good.includes(first)) throw new Error(`refused before it was revoked: ${first}`);
    for (const end = performance.now() + MOST_MS; ; await pause(POLL_MS)) {
      const status = await ask();
      if (status === 429) throw new Error('too many wrong keys: nothing was measured');
      if (!good.includes(status)) return;
      if (performance.now() > end) throw new Error('it still counts');
    }
  };
  const streamEnds = async (headers: Record<string, string>, job_id: string): Promise<void> => {
    const answer = await fetch(`${url}/api/v1/jobs/${job_id}/events`, { headers });
    if (answer.status !== 200) throw new Error(`no stream: ${answer.status}`);
    for await (const _ of answer.body!);
  };
  const disconnected = async (key: ReturnType<typeof createNatsKey>): Promise<void> => {
    const { letIn, closed } = await knock(system.nats.url, key);
    if (!letIn) throw new Error('not let in');
    await closed;
  };
  const signedJobs = (signer: Signer) => async (): Promise<number> => {
    const at = `${url}/api/v1/jobs`;
    return (await fetch(at, { headers: await signRequest(signer, { method: 'GET', url: at, headers: {} }) })).status;
  };
  const submit = async (headers: Record<string, string>, body: object): Promise<string> => {
    const answer = await fetch(`${url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (answer.status !== 202) throw new Error(`not accepted: ${answer.status}`);
    return ((await answer.json()) as { job_id: string }).job_id;
  };

  let made = 0;
  const newAgent = async () => {
    made += 1;
    const [id, key, pair, bus] = [`bench-${made}`, newApiKey(), generateKeyPairSync('ed25519'), createNatsKey()];
    const signing_key = pair.publicKey.export({ format: 'jwk' }).x as string;
    await register({
      principals: [{ id, type: 'agent', tenant, owner: 'admin', ceiling: CEILING, signing_key }],
      api_keys: [{ principal: id, key, permissions: [...PERMISSION_SETS.agent] }],
      bus_users: [{ kind: 'agent', tenant, nkey: bus.nkey_public, principal: id }],
    });
    const signer = await openSigner(id, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    return { id, key: { 'x-api-key': key }, key_id: keyIdOf(hashApiKey(key)), signer, bus };
  };
  const READ = { topic: 'job.desk.read.ticket' };
  const simulate = (headers: Record<string, string>) => () => send('/policy/simulate', headers, READ);
  /** A job of theirs that runs: nobody reports it, so its stream stays open and its worker beats. */
  const running = async (headers: Record<string, string>) => {
    const job_id = await submit(headers, READ);
    const held = await played.hold(job_id);
    // Else its pool is full before long.
    return { job_id, held, clear: () => played.report(held, null).catch(() => {}) };
  };

  const kinds: Record<string, () => Promise<Trial>> = {
    'a key alone': async () => {
      const { key, key_id } = await newAgent();
      const { job_id, clear } = await running(key);
      const effects = { door: until(simulate(key), [200]), reads: streamEnds(key, job_id) };
      return { what: 'api_key', id: key_id, effects, clear };
    },
    'an agent with its keys': async () => {
      const { id, key, signer, bus } = await newAgent();
      const { job_id, held, clear } = await running(key);
      const lease = async () => ((await played.beat(held)).order === 'continue' ? 200 : 409);
      const effects = {
        door: until(simulate(key), [200]),
        signed: until(signedJobs(signer), [200]),
        reads: streamEnds(key, job_id),
        lease: until(lease, [200]),
        bus: disconnected(bus),
      };
      return { what: 'principal', id, effects, clear };
    },
    'a person who votes': async () => {
      made += 1;
      const [id, key] = [`bench-${made}`, newApiKey()];
      await register({
        principals: [{ id, type: 'human', tenant, groups: ['approvers'] }],
        api_keys: [{ principal: id, key, permissions: [...PERMISSION_SETS.approver] }],
      });
      const headers = { 'x-api-key': key };
      const path = '/approvals/01890000-0000-7000-8000-000000000000/approve';
      const vote = () => send(path, headers, { digest: `sha256:${'0'.repeat(64)}` });
      return { what: 'principal', id, effects: { votes: until(vote, [404]) } };
    },
    'a token': async () => {
      const { key } = await newAgent();
      const answer = await fetch(`${url}/api/v1/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...key },
        body: '{}',
      });
      const { access_token, token_id } = (await answer.json()) as { access_token: string; token_id: string };
      const bearer = { authorization: `Bearer ${access_token}` };
      const { job_id, clear } = await running(bearer);
      const effects = { door: until(simulate(bearer), [200]), reads: streamEnds(bearer, job_id) };
      return { what: 'token', id: token_id, effects, clear };
    },
    'a worker': async () => {
      made += 1;
      const [pair, bus] = [generateKeyPairSync('ed25519'), createNatsKey()];
      const identity = { pool: 'desk-write', worker: `bench-${made}` };
      const public_key = pair.publicKey.export({ format: 'jwk' }).x as string;
      await register({ workers: [{ ...identity, public_key, bus_key: bus.nkey_public }] });
      const as = { ...identity, signingKey: pair.privateKey };
      const door = knockAsWorker(system, 'desk-write');
      const next = async () => (await door.ask('next', { wait_ms: 0 }, { as })).status;
      const effects = { door: until(next, [200]), bus: disconnected(bus) };
      return { what: 'worker', id: `${identity.pool}/${identity.worker}`, effects };
    },
    'a delegation': async () => {
      const [giver, taker] = [await newAgent(), await newAgent()];
      const given = await fetch(`${url}/api/v1/delegations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...giver.key },
        body: JSON.stringify({ to: taker.id }),
      });
      const { delegation_id } = (await given.json()) as { delegation_id: string };
      const act = () => send('/policy/simulate', taker.key, { ...READ, on_behalf_of: giver.id });
      return { what: 'delegation', id: delegation_id, effects: { door: until(act, [200]) } };
    },
  };

  say(`${loaded.replicas} of each service, ${RATE} jobs a second beside it, ${TRIES} of each kind`);
  for (const [name, begin] of Object.entries(kinds)) {
    const last: Record<string, number[]> = {};
    for (let i = 0; i < TRIES; i += 1) {
      begun = [];
      const { what, id, effects, clear } = await begin();
      await Promise.all(begun);
      // All of them ask, or are open, before it is revoked.
      await pause(250);
      await database.transaction((tx) => revokeIdentity(tx, { what, id, reason: 'measured', by_key: null }));
      const committed = performance.now();
      const each = Object.entries(effects).map(async ([effect, gone]) => {
        await gone;
        const ms = performance.now() - committed;
        last[effect] = [...(last[effect] ?? []), ms];
        return ms;
      });
      last.all = [...(last.all ?? []), Math.max(...(await Promise.all(each)))];
      await clear?.();
    }
    for (const [effect, values] of Object.entries(last)) say(`${name.padEnd(24)} ${effect.padEnd(8)} ${told(values)}`);
  }
} finally {
  await cleanUp.disposeAsync();
}
