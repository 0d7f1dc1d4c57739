/** Refuses to start while somebody else listens on the ports that people will open, before anything is started. */
import { isPortFree } from './find-free-port.ts';
import { SetUpError } from './set-up-error.ts';
import { waitUntil } from './wait-until.ts';

const ABANDONED_STOP_TIMEOUT_MS = 15_000;

/** `wait` allows for the services of a killed launcher, which are still stopping. Throws SetUpError. */
export async function requireFreePorts(ports: Record<string, number>, { wait }: { wait: boolean }): Promise<void> {
  for (const [setting, port] of Object.entries(ports)) {
    const isFree = () => isPortFree(port);
    const timeout_ms = wait ? ABANDONED_STOP_TIMEOUT_MS : 0;
    await waitUntil(`port ${port} becomes free`, isFree, { timeout_ms, every_ms: 100 }).catch((cause: unknown) => {
      throw new SetUpError(
        `Port ${port} is in use. Stop what listens there, or choose another: ${setting}=${port + 10} npm start`,
        { cause },
      );
    });
  }
}
