/** The bench's worker, a process of its own: answers every job at once, so that what is measured is everything else. */
import { createWorker } from '@countersign/worker/create-worker';

const settings = JSON.parse(process.env.BENCH_WORKER!) as {
  servers: string;
  nkey_seed: string;
  pool: string;
  worker: string;
  signing_key: string;
  scheduler_public_keys: string[];
  concurrency: number;
};
const worker = createWorker({ ...settings, handle: () => ({ status: 'fine' }) });
await worker.start();
process.stdout.write('ready\n');
process.on('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
