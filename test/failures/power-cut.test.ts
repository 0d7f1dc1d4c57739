/**
 * The power of the disk under Postgres and JetStream is cut while jobs flow: only what was synced is there afterwards.
 * Everything that was answered is, and everything goes on.
 */
import { waitUntil } from '@countersign/infra/wait-until';
import { describe, test } from 'vitest';
import { loopDisk, whyNoDisk } from '../harness/own-disk.ts';
import { startTrial } from './trial.ts';

const reason = whyNoDisk('loop');
const MEGABYTES = 768;
/** The second one strikes a system that has just come back. */
const CUTS = 2;

describe.each([1, 2])(`a power cut, with %i of every service${reason ? ` (skipped: ${reason})` : ''}`, (replicas) => {
  test.skipIf(reason !== undefined)('loses nothing that was answered', { timeout: 300_000 }, async () => {
    await using disk = loopDisk(MEGABYTES);
    await using trial = await startTrial({
      own_postgres: true,
      postgres_mode: 'dev',
      replicas,
      data_dir: disk.dir,
    });
    const { nats, postgres, services } = trial.system;
    const programs = [...services.processes.values()];
    for (let cut = 0; cut < CUTS; cut += 1) {
      await trial.underLoad(async () => {
        disk.cutPower();
        await Promise.all([nats.kill(), postgres!.kill(), ...programs.map((program) => program.kill())]);
        await waitUntil('nobody uses the disk', () => powersOn(disk.powerOn), { timeout_ms: 60_000, every_ms: 100 });
        await Promise.all([nats.start(), postgres!.start()]);
        await Promise.all(programs.map((program) => program.start()));
      });
      await trial.expectPromisesKept();
    }
  });
});

/** A process that was killed may still be leaving. */
function powersOn(powerOn: () => void): boolean {
  try {
    powerOn();
    return true;
  } catch {
    return false;
  }
}
