/**
 * Ends a nats-server that goes on without storing: after a full disk it answers and takes no messages in the streams that
 * met it, also when there is space again, until it is started anew. Whoever supervises it does that.
 */
import { fullDisk } from '../full-disk.ts';
import type { GuardedProcess } from '../spawn-guarded.ts';

type WedgeWatch = { monitor_url: string; store_dir: string; report: (line: string) => void };

const LOOK_MS = 2_000;
/** Looks in a row that have to find it so. */
const LOOKS = 2;

export function endWhenWedged(server: GuardedProcess, { monitor_url, store_dir, report }: WedgeWatch): void {
  let found = 0;
  const timer = setInterval(async () => {
    found = (await storesNothing(monitor_url)) ? found + 1 : 0;
    if (found < LOOKS || !server.isRunning() || fullDisk([store_dir]) !== undefined) return;
    clearInterval(timer);
    report('nats-server stores nothing any more since its disk was full; there is room again, so it is ended');
    server.signal('SIGTERM');
  }, LOOK_MS).unref();
  void server.exited.then(() => clearInterval(timer));
}

async function storesNothing(monitor_url: string): Promise<boolean> {
  const answer = await fetch(`${monitor_url}/healthz?details=true`).catch(() => undefined);
  return answer !== undefined && /write error/.test(await answer.text().catch(() => ''));
}
