/**
 * Streams, consumers and the whole store of the bus are lost under a running system with load. It heals by itself: nobody
 * sets anything up again and nothing is restarted but the server; whatever was accepted ends once, all are ready again,
 * and the audit stream holds every entry.
 */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allReady } from '../harness/all-ready.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { checkSystem, countOpen, type SideEffect } from './check-system.ts';
import { type Load, startLoad } from './client-load.ts';

const READ_TOGETHER = 64;
/**
 * What the stream lacks inside is found by the first look after the server is back, or by the next one; a look that failed is
 * made again within as long. Twice that, because publishing again takes its time on a busy machine.
 */
const HEALED_MS = 4 * LIMITS.audit_check_ms;

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: SideEffect[] = [];
const loads: Load[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem({ separate: true }));
  const worker = await startWorker(system, 'demo-read', ({ job_id, dispatch_id }) => {
    effects.push({ job_id, dispatch_id });
    return { ok: true };
  });
  cleanUp.use(worker);
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

function stored(pattern: string): string[] {
  const found = globSync(`**/streams/${pattern}`, { cwd: system.nats.store_dir }).map((path) =>
    join(system.nats.store_dir, path),
  );
  expect(found.length).toBeGreaterThan(0);
  return found;
}

async function loseUnderLoad(what: () => string[]): Promise<void> {
  const load = startLoad(system);
  loads.push(load);
  try {
    await waitUntil('jobs flow', () => load.accepted.length >= 10, { timeout_ms: 20_000 });
    await system.nats.kill();
    for (const path of what()) rmSync(path, { recursive: true });
    await system.nats.start();
    const before = load.accepted.length;
    await waitUntil('jobs flow again', () => load.accepted.length >= before + 10, { timeout_ms: 40_000 });
  } finally {
    await load.stop();
  }
}

async function expectHealed(): Promise<void> {
  await waitUntil('every job ends', async () => (await countOpen(system)) === 0, { timeout_ms: 90_000, every_ms: 100 });
  await waitUntil('all are ready', () => allReady(system), { timeout_ms: 30_000 });
  expect(loads.flatMap((load) => load.strange)).toEqual([]);
  expect(
    await checkSystem(
      system,
      loads.flatMap((load) => load.accepted),
      effects,
    ),
  ).toEqual([]);
  let lacks = '';
  const isWhole = async () => {
    lacks = await lacking().catch(String);
    return lacks === '';
  };
  await waitUntil('the audit stream is whole', isWhole, { timeout_ms: HEALED_MS }).catch((thrown: Error) => {
    throw new Error(`${thrown.message}: ${lacks}`);
  });
}

/** What the audit stream lacks, and how it stands; empty when each leaf has its message. */
async function lacking(): Promise<string> {
  const [row] = await system.sql<{ entries: number; leaves: number; cursor: number }>(
    `SELECT (SELECT count(*)::int FROM ledger.entries) AS entries, (SELECT count(*)::int FROM ledger.leaves) AS leaves,
            (SELECT next_leaf::int FROM ledger.published) AS cursor`,
  );
  const { entries, leaves, cursor } = row!;
  if (entries !== leaves) return `${entries - leaves} of ${entries} entries are not sealed`;
  const connection = await connect({
    servers: system.nats.url,
    inboxPrefix: '_INBOX_audit',
    authenticator: nkeyAuthenticator(new TextEncoder().encode(system.keys.nats.audit!.seed)),
  });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const { state } = await manager.streams.info('AUDIT');
    // Not read before there are enough: with two busy loops beside it a message took two milliseconds.
    if (state.messages < leaves) return `${state.messages} messages for ${leaves} leaves, cursor ${cursor}`;
    const seen = new Set<number>();
    const read = async (seq: number) => {
      const message = await manager.streams.getMessage('AUDIT', { seq });
      if (message) seen.add(message.json<{ leaf_index: number }>().leaf_index);
    };
    // One by one thousands took longer than the system needs to heal.
    for (let seq = Math.max(state.first_seq, 1); seq <= state.last_seq; seq += READ_TOGETHER) {
      const together = Math.min(READ_TOGETHER, state.last_seq - seq + 1);
      await Promise.all(Array.from({ length: together }, (_, i) => read(seq + i)));
    }
    const gone = Array.from({ length: leaves }, (_, leaf) => leaf).filter((leaf) => !seen.has(leaf));
    if (gone.length === 0) return '';
    const { first_seq, last_seq, messages } = state;
    return JSON.stringify({ gone: gone.length, from: gone[0], to: gone.at(-1), cursor, first_seq, last_seq, messages });
  } finally {
    await connection.close();
  }
}

it.each([
  ['the stream DISPATCH', () => stored('DISPATCH')],
  ['the stream of a tenant’s intake', () => stored(`INTAKE_${system.tenant}`)],
  ['the stream AUDIT', () => stored('AUDIT')],
  ['the consumer of a pool', () => stored('DISPATCH/obs/pool-demo-read')],
  ['the consumer of ingress', () => stored(`INTAKE_${system.tenant}/obs/ingress`)],
  ['the whole store', () => [system.nats.store_dir]],
])('%s is lost', { timeout: 240_000 }, async (_what, files) => {
  await loseUnderLoad(files);
  await expectHealed();
});
