/**
 * One process of the system's services: starts it, waits until everything in it is ready, and says why when it is not.
 */
import { join } from 'node:path';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { CACHE_DIR, PROJECT_DIR } from './project-folders.ts';
import { lastLines } from './read-log-tail.ts';
import { type Restartable, restartable } from './restartable.ts';
import { SetUpError } from './set-up-error.ts';
import { type GuardedProcess, spawnGuarded } from './spawn-guarded.ts';
import { waitUntil } from './wait-until.ts';

/** One service in a process, and where it tells of itself. */
export type Health = { service: ServiceName; health_url: string };

export type ServiceProcess = Restartable & {
  /** Of the instance: `scheduler`, the second one `scheduler-2`. */
  readonly name: string;
  /** Its folder under `services/`: a service, or `all-in-one`. */
  readonly program: string;
  readonly log_path: string;
  /** Of each service in this process. */
  readonly health: readonly Health[];
};

const COMPILED_DIR = join(CACHE_DIR, 'compiled');
const READY_WITHIN_MS = 45_000;
const GRACE_SECONDS = 20;

type ServiceProcessOptions = Pick<ServiceProcess, 'name' | 'program' | 'health'> & {
  /** Holds its log. */
  dir: string;
  env: Record<string, string>;
};

/** Nothing runs until `start`, which throws SetUpError with the end of the log. */
export function serviceProcess({ name, program, health, dir, env }: ServiceProcessOptions): ServiceProcess {
  const log_path = join(dir, `${name}.log`);
  let current: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    current = await spawnGuarded({
      name,
      command: process.execPath,
      args: [join(PROJECT_DIR, 'services', program, 'src/main.ts')],
      log_path,
      stop_signal: 'SIGTERM',
      grace_seconds: GRACE_SECONDS,
      // Half of a start is reading and compiling: kept from one start to the next.
      env: { NODE_COMPILE_CACHE: COMPILED_DIR, ...env },
      cwd: PROJECT_DIR,
    });
    await waitUntilReady(current, { name, health });
  };
  return Object.assign(
    restartable(() => current, start),
    { name, program, log_path, health },
  );
}

async function waitUntilReady(
  started: GuardedProcess,
  { name, health }: Pick<ServiceProcess, 'name' | 'health'>,
): Promise<void> {
  const failed = (what: string): SetUpError => new SetUpError(`${name} ${what}:\n${lastLines(started.said(), 15)}`);
  const probe = async (): Promise<boolean> => {
    if (!started.isRunning()) throw failed('did not start');
    return (await Promise.all(health.map(isReady))).every(Boolean);
  };
  try {
    await waitUntil(`${name} is ready`, probe, { timeout_ms: READY_WITHIN_MS, every_ms: 50 });
  } catch (error) {
    throw error instanceof SetUpError ? error : failed(`was not ready within ${READY_WITHIN_MS / 1000} s`);
  }
}

async function isReady({ health_url }: Health): Promise<boolean> {
  const answer = await fetch(`${health_url}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
