/** A process with a child: says the child's number, then either is done or leaves the child in a loop that never ends. */
import { openChildProcesses } from '@countersign/platform/child-processes';

const children = openChildProcesses<string, string>({
  module: new URL('./child-answers.ts', import.meta.url),
  processes: 1,
  queued: 1,
  deadline_ms: 60_000,
  memory_mb: 64,
});
process.stdout.write(`${await children.run('pid')}\n`);
if (process.argv[2] === 'hang') await children.run('hang');
