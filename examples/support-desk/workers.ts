/** The desk's workers as one process: says `ready` once they take work, and on a signal finishes what runs. */
import { startWorkers } from './start-workers.ts';

const workers = await startWorkers(process.env);
process.stdout.write('ready\n');

async function stop(): Promise<void> {
  await workers[Symbol.asyncDispose]();
  process.exit(0);
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
