/**
 * The disk under Postgres, JetStream and every log is full while jobs flow, and then it is not any more. Nothing accepted
 * is lost, no service ends because it cannot write, and everything goes on without hands.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import { describe, expect, test } from 'vitest';
import { type OwnDisk, tmpfsDisk, whyNoDisk } from '../harness/own-disk.ts';
import { superviseSystem } from '../harness/supervise-system.ts';
import type { Load } from './client-load.ts';
import { startTrial } from './trial.ts';

const reason = whyNoDisk('tmpfs');
const MEGABYTES = 512;
/** Requests refused while it is full. */
const REFUSALS = 20;

function refusals(load: Load): number {
  return [...load.outages.values()].reduce((sum, count) => sum + count, 0);
}

async function fillUntilRefused(disk: OwnDisk, load: Load): Promise<void> {
  disk.fill();
  const before = refusals(load);
  await waitUntil(
    'clients are refused',
    () => {
      // What a server gives back in dying is taken as well.
      disk.fill();
      return refusals(load) >= before + REFUSALS;
    },
    { timeout_ms: 90_000, every_ms: 100 },
  );
}

describe.each([1, 2])(`a full disk, with %i of every service${reason ? ` (skipped: ${reason})` : ''}`, (replicas) => {
  test.skipIf(reason !== undefined)(
    'no accepted job is lost, and all goes on by itself',
    { timeout: 300_000 },
    async () => {
      await using disk = tmpfsDisk(MEGABYTES);
      const separate = replicas === 1;
      await using trial = await startTrial({ separate, own_postgres: true, replicas, data_dir: disk.dir });
      using supervised = superviseSystem(trial.system, [disk.dir]);
      await trial.underLoad(async (load) => {
        await fillUntilRefused(disk, load);
        disk.makeRoom();
      });
      await trial.expectPromisesKept();
      const services = supervised.fates().filter(({ name }) => trial.system.services.processes.has(name));
      expect(services.filter(({ restarts }) => restarts > 0)).toEqual([]);
      expect(supervised.fates().filter(({ given_up }) => given_up)).toEqual([]);
    },
  );
});
