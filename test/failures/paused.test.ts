/**
 * Any process may hang at any moment (a full disk, a stopped machine, a long collection of garbage) and still holds what
 * it held. A stop is set all the same, within the second that it has, and whatever hung goes on afterwards.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { roleOf } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { urlForRole } from '@countersign/infra/development-environment';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { ALL_SERVICES, checkSystem, countOpen, type SideEffect } from './check-system.ts';
import { type Load, startLoad } from './client-load.ts';

/** Of each process, each time at another moment of its work. */
const PAUSES = 6;

let system: TestSystem;
let load: Load;
let operator: pg.Client;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true }));
  const worker = await startWorker(system, 'demo-read', ({ job_id, dispatch_id }) => {
    effects.push({ job_id, dispatch_id });
    return { ok: true };
  });
  cleanUp.use(worker);
  const role = roleOf('scheduler');
  operator = new pg.Client({
    connectionString: urlForRole(system.admin_url, role, system.keys.role_passwords[role]!),
  });
  await operator.connect();
  cleanUp.defer(() => operator.end());
  // Longer, and the server refuses: the stop was held back.
  await operator.query(`SET lock_timeout = ${LIMITS.stop_ms}`);
  load = startLoad(system, { clients: 8, every_ms: 0 });
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

function setStop(on: boolean): Promise<unknown> {
  return operator.query(`SELECT control.set_switch('paused', 'agent', 'nobody', NULL, $1, 'drill')`, [on]);
}

test.each(ALL_SERVICES)('a stop is set in time while %s hangs', { timeout: 120_000 }, async (service) => {
  const pid = system.services.processes.get(service)!.pid!;
  for (let i = 0; i < PAUSES; i += 1) {
    const before = load.accepted.length;
    await waitUntil('jobs flow', () => load.accepted.length >= before + 5, { timeout_ms: 40_000 });
    await pause(i * 3);
    process.kill(pid, 'SIGSTOP');
    try {
      await setStop(true);
      await setStop(false);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }
});

test('every job ends once, and nothing contradicts the evidence', { timeout: 120_000 }, async () => {
  await load.stop();
  await waitUntil('every job ends', async () => (await countOpen(system)) === 0, {
    timeout_ms: 90_000,
    every_ms: 100,
  });
  expect(load.strange).toEqual([]);
  expect(await checkSystem(system, load.accepted, effects)).toEqual([]);
});
