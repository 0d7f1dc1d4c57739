/**
 * `npm run bench:stops`: from the moment in which an operator asks for a kill switch to the last thing that it still let through, at
 * each of four places, while jobs flow. Each try stops an agent of its own, whose clients submit one job after the other and
 * one of whose jobs runs until its signal. What was let through is read from the ledger; its clock and ours are one machine's.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import { DEVELOPMENT_TENANT as tenant } from '@countersign/infra/development-roster';
import { waitUntil } from '@countersign/infra/wait-until';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { startWorker } from '../../harness/start-worker.ts';
import { RATE, say, startLoadedSystem, told } from '../loaded-system.ts';

const TRIES = Number(process.env.BENCH_TRIES ?? 30);
const CLIENTS = 3;
/** Jobs of the agent that have ended before it is stopped. */
const FLOWING = 12;
const CEILING = { topics: ['*'], capabilities: ['*'], environments: ['*'] };
/** By place: entries that say that something was let through there. */
const LET_THROUGH = { submit: 'job_admitted', dispatch: 'job_dispatched', release: 'job_succeeded' } as const;

await using loaded = await startLoadedSystem('stops');
const { system, url, database, admin } = loaded;
const started = new Map<string, true>();
const aborted = new Map<string, number>();
await using _worker = await startWorker(
  system,
  'demo-read',
  async ({ job_id, prompt }, { signal }) => {
    if (prompt !== 'runs on') return { ok: true };
    started.set(job_id, true);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    aborted.set(job_id, now());
    return { ok: false };
  },
  16,
);
await loaded.load();
say(`${loaded.replicas} of each service, ${RATE} jobs a second beside it, ${TRIES} tries`);
const times: Record<string, number[]> = {};
for (let i = 0; i < TRIES; i += 1)
  for (const [place, ms] of Object.entries(await stopOne())) times[place] = [...(times[place] ?? []), ms];
for (const [place, values] of Object.entries(times)) say(`${place.padEnd(24)} ${told(values)}`);

/** Milliseconds from the asking, by place. */
async function stopOne(): Promise<Record<string, number>> {
  const [id, key] = [`bench-${randomUUID()}`, newApiKey()];
  await database.transaction((tx) =>
    registerIdentities(tx, {
      principals: [{ id, type: 'agent', tenant, owner: 'admin', ceiling: CEILING, signing_key: null }],
      api_keys: [{ principal: id, key, permissions: [...PERMISSION_SETS.agent] }],
    }),
  );
  const runs = await post('/jobs', key, { topic: 'job.demo.read', prompt: 'runs on' });
  await waitUntil('it runs', () => started.has(runs.body.job_id));
  const clients = Array.from({ length: CLIENTS }, async () => {
    while ((await post('/jobs', key, { topic: 'job.demo.read', prompt: 'status' })).status === 202);
  });
  const count = async (sql: string) => (await admin.query<{ jobs: number }>(sql, [id]))[0]!.jobs;
  const ended = `SELECT count(*)::int AS jobs FROM scheduler.jobs WHERE actor = $1 AND state = 'succeeded'`;
  await waitUntil('its jobs flow', async () => (await count(ended)) >= FLOWING);
  const asked = now();
  const stop = await post('/stops', system.keys.api_keys.admin, { kind: 'agent', target: id, reason: 'measured' });
  const answered = now();
  if (stop.status !== 201) throw new Error(`no stop: ${stop.status} ${JSON.stringify(stop.body)}`);
  await Promise.all(clients);
  await waitUntil('the signal came', () => aborted.has(runs.body.job_id));
  const moving = `SELECT count(*)::int AS jobs FROM scheduler.jobs WHERE actor = $1 AND state IN ('dispatched', 'running')`;
  await waitUntil('nothing of it moves', async () => (await count(moving)) === 0, { timeout_ms: 60_000 });
  // What a slow gate might still let through would come now.
  await pause(1_500);
  const last = await admin.query<{ kind: string; at_us: string }>(
    `SELECT e.kind, max(e.time_us)::text AS at_us FROM scheduler.jobs j
       JOIN ledger.entries e ON e.chain = 'job:' || j.tenant || ':' || j.job_id
      WHERE j.actor = $1 AND e.kind = ANY ($2) GROUP BY e.kind`,
    [id, Object.values(LET_THROUGH)],
  );
  await post(`/stops/${stop.body.switch_id}/lift`, system.keys.api_keys.admin, { reason: 'measured' });
  const since = (at_ms: number): number => Math.max(0, at_ms - asked);
  return {
    'the operator is answered': since(answered),
    ...Object.fromEntries(
      Object.entries(LET_THROUGH).map(([place, kind]) => [
        `the last ${place}`,
        since(Number(last.find((row) => row.kind === kind)!.at_us) / 1_000),
      ]),
    ),
    'a handler is told to stop': since(aborted.get(runs.body.job_id)!),
  };
}

async function post(path: string, key: string, body: object) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as { job_id: string; switch_id: string } };
}

/** Milliseconds since the epoch, with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
