/**
 * pg-boss doing send and work on the same Postgres: a queue that people already trust, with nothing decided or proven.
 * Its workers are asked again at once instead of at its polling interval, which would be all that is measured.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';

const SENDERS = 64;
const WORKERS = 8;
/** Senders wait beyond so many unfinished jobs: what is measured is send and work together, not a growing queue. */
const BACKLOG = 256;

/** Jobs per second from send to completed work. `batch`: jobs that one fetch takes; pg-boss' own default is 1. */
export async function drivePgBoss(url: string, seconds: number, batch: number): Promise<number> {
  const boss = new PgBoss({ connectionString: url, max: 10 });
  boss.on('error', () => {});
  await boss.start();
  const queue = `bench-${batch}`;
  await boss.createQueue(queue);
  let sent = 0;
  let done = 0;
  const end = performance.now() + seconds * 1000;
  const sender = async (): Promise<void> => {
    while (performance.now() < end) {
      if (sent - done > BACKLOG) await pause(1);
      else {
        sent += 1;
        await boss.send(queue, { topic: 'job.demo.read', prompt: 'status' });
      }
    }
  };
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const jobs = await boss.fetch(queue, { batchSize: batch });
      if (jobs.length === 0) continue;
      await boss.complete(
        queue,
        jobs.map((job) => job.id),
      );
      done += jobs.length;
    }
  };
  await Promise.all([...Array.from({ length: SENDERS }, sender), ...Array.from({ length: WORKERS }, worker)]);
  const rate = done / seconds;
  await boss.stop({ graceful: false });
  return rate;
}
