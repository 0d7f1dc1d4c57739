/**
 * Stops a server that an earlier, killed launcher left, before a new one opens the same data: two servers on one store
 * destroy it. A process that merely has the same number now is left alone.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { commandLineOf, isAlive } from './process-identity.ts';
import { waitUntil } from './wait-until.ts';

export type Leftover = {
  name: string;
  /** Its first line is the process id. */
  pid_path: string;
  /** Text that only this server's command line holds, e.g. its data folder. */
  marker: string;
  stop_signal: NodeJS.Signals;
};

const STOP_TIMEOUT_MS = 20_000;

/** Returns when no such server runs and the pid file is gone. */
export async function stopLeftover({ name, pid_path, marker, stop_signal }: Leftover): Promise<void> {
  if (!existsSync(pid_path)) return;
  const pid = Number.parseInt(readFileSync(pid_path, 'utf8'), 10);
  const runs = (): boolean => isAlive(pid) && (commandLineOf(pid)?.includes(marker) ?? false);
  if (runs()) {
    process.kill(pid, stop_signal);
    await waitUntil(`the ${name} of an earlier run stops`, () => !runs(), { timeout_ms: STOP_TIMEOUT_MS }).catch(() =>
      process.kill(pid, 'SIGKILL'),
    );
    await waitUntil(`the ${name} of an earlier run ends`, () => !runs());
  }
  rmSync(pid_path, { force: true });
}
