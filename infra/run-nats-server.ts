/**
 * Runs one nats-server from a configuration file that it renders, and stops it with its launcher. The handle can
 * reload, stop, kill and start it again on the same port, as the failure tests need.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort, keepPort } from './find-free-port.ts';
import type { NatsServerBinary } from './find-nats-server.ts';
import { endWhenWedged } from './nats/end-when-wedged.ts';
import { type RefusedStream, StoreRefusedError, setStoreAside } from './nats/set-store-aside.ts';
import { lastLines } from './read-log-tail.ts';
import { reportLine } from './report-step.ts';
import { type Restartable, restartable } from './restartable.ts';
import { SetUpError } from './set-up-error.ts';
import { type GuardedProcess, spawnGuarded } from './spawn-guarded.ts';
import { stopLeftover } from './stop-leftover.ts';
import { waitUntil } from './wait-until.ts';

export type NatsConfigFacts = {
  port: number;
  monitor_port: number;
  /** JetStream's folder. */
  store_dir: string;
  /** As `nats-server --version` says it, e.g. `2.12.1`. */
  server_version: string;
};

/** How a nats-server is run: as a process here, or somewhere else that a test chooses. */
export type NatsProgram = {
  version: string;
  /** Rejects with the server's own words when it would refuse the file. */
  checkConfig(conf_path: string): Promise<unknown>;
  run(conf_path: string, dir: string): Promise<GuardedProcess>;
};

export type NatsServerOptions = {
  program: NatsProgram;
  /** Holds the configuration, the JetStream store and the log. */
  dir: string;
  /** Called at start and at every reload, so that users made meanwhile are let in. */
  render: (facts: NatsConfigFacts) => string | Promise<string>;
  /** Hears what a person has to know of the start. */
  report?: (line: string) => void;
};

export type NatsHandle = AsyncDisposable &
  Restartable & {
    readonly url: string;
    readonly monitor_url: string;
    readonly store_dir: string;
    readonly conf_path: string;
    readonly server_version: string;
    /** Renders the configuration again and returns when the server uses it; throws when the server would refuse it. */
    reload(): Promise<void>;
  };

const START_TIMEOUT_MS = 60_000;
/** Times that something of the store is set aside; at the last one all of it. */
const STORE_TRIES = 3;
const run = promisify(execFile);

type HealthFault = { type?: string; account?: string; stream?: string; error?: string };

export function natsProcess({ path, version }: NatsServerBinary): NatsProgram {
  return {
    version,
    checkConfig: (conf_path) => run(path, ['-t', '-c', conf_path]),
    run: (conf_path, dir) =>
      spawnGuarded({
        name: 'nats-server',
        command: path,
        args: ['-c', conf_path],
        log_path: logPath(dir),
        stop_signal: 'SIGTERM',
        grace_seconds: 10,
        env: {},
        cwd: dir,
      }),
  };
}

export async function runNatsServer({
  program,
  dir,
  render,
  report = reportLine,
}: NatsServerOptions): Promise<NatsHandle> {
  const store_dir = join(dir, 'jetstream');
  const conf_path = confPath(dir);
  mkdirSync(store_dir, { recursive: true, mode: 0o700 });
  // The files that workers start from name it: it is the same at the next start.
  const port = await keepPort(join(dir, 'nats.port'));
  const monitor_port = await findFreePort();
  const monitor_url = `http://127.0.0.1:${monitor_port}`;
  const writeConfig = async (): Promise<void> =>
    writeFileSync(conf_path, await render({ port, monitor_port, store_dir, server_version: program.version }), {
      mode: 0o600,
    });

  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    if (server?.isRunning()) return;
    await stopLeftoverNats(dir);
    await writeConfig();
    server = await startOnUsableStore(() => startServer(program, dir, monitor_url), store_dir, report);
    writeFileSync(pidPath(dir), `${server.pid}\n`);
    endWhenWedged(server, { monitor_url, store_dir, report });
  };
  const takeUpConfig = async (): Promise<void> => {
    const before = await configLoadTime(monitor_url);
    server?.signal('SIGHUP');
    await waitUntil(
      'nats-server takes up its new configuration',
      async () => (await configLoadTime(monitor_url)) !== before,
    );
  };
  const reload = async (): Promise<void> => {
    await writeConfig();
    // A server only logs that it refused a new configuration and goes on with the old one, so it is asked beforehand.
    await program.checkConfig(conf_path);
    // Twice: an account that a reload brings hears nothing of its imports before the next one (nats-server 2.15).
    await takeUpConfig();
    await takeUpConfig();
  };
  await start();
  const handle = restartable(() => server, start);
  return Object.assign(handle, {
    url: `nats://127.0.0.1:${port}`,
    monitor_url,
    store_dir,
    conf_path,
    server_version: program.version,
    reload,
    [Symbol.asyncDispose]: handle.stop,
  });
}

/** Returns when no nats-server of an earlier run uses the folder. */
export function stopLeftoverNats(dir: string): Promise<void> {
  return stopLeftover({ name: 'nats-server', pid_path: pidPath(dir), marker: confPath(dir), stop_signal: 'SIGTERM' });
}

function logPath(dir: string): string {
  return join(dir, 'nats-server.log');
}

function confPath(dir: string): string {
  return join(dir, 'nats.conf');
}

/** Streams first, then the whole store: what the server refuses by name may not be all that it refuses. */
async function startOnUsableStore(
  start: () => Promise<GuardedProcess>,
  store_dir: string,
  report: (line: string) => void,
): Promise<GuardedProcess> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof StoreRefusedError)) throw error;
      if (tries > STORE_TRIES) throw new SetUpError(error.message);
      report(setStoreAside(store_dir, tries === STORE_TRIES ? [] : error.refused));
    }
  }
}

async function startServer(program: NatsProgram, dir: string, monitor_url: string): Promise<GuardedProcess> {
  const server = await program.run(confPath(dir), dir);
  const probe = (): Promise<boolean> => {
    if (!server.isRunning()) throw deathOf(server.said());
    return isHealthy(monitor_url);
  };
  try {
    await waitUntil('nats-server is healthy', probe, { timeout_ms: START_TIMEOUT_MS });
    return server;
  } catch (error) {
    await server.stop();
    if (error instanceof SetUpError || error instanceof StoreRefusedError) throw error;
    throw new SetUpError(`nats-server did not start: ${(error as Error).message}\n${lastLines(server.said(), 10)}`);
  }
}

/** With the end of what it said. What it says when it cannot use the store at all is fatal to it. */
function deathOf(said: string): Error {
  const reason = `nats-server did not start:\n${lastLines(said, 10)}`;
  return /Can't start JetStream/.test(said) ? new StoreRefusedError([], reason) : new SetUpError(reason);
}

/** Throws StoreRefusedError for streams that it gave up: waiting does not bring them back. */
async function isHealthy(monitor_url: string): Promise<boolean> {
  const answer = await fetch(`${monitor_url}/healthz?details=true`).catch(() => undefined);
  if (answer === undefined) return false;
  const text = await answer.text();
  if (answer.status === 200) return true;
  const refused = faultsOf(text).filter(({ error }) => /could not be recovered/.test(error ?? ''));
  if (refused.length === 0) return false;
  const named = refused.filter((fault): fault is RefusedStream => Boolean(fault.account && fault.stream));
  throw new StoreRefusedError(named, `nats-server refuses its store: ${refused.map(({ error }) => error).join('; ')}`);
}

function faultsOf(text: string): HealthFault[] {
  try {
    const { errors, error } = JSON.parse(text) as { errors?: HealthFault[]; error?: string };
    return errors ?? (error === undefined ? [] : [{ error }]);
  } catch {
    return [];
  }
}

function pidPath(dir: string): string {
  return join(dir, 'nats-server.pid');
}

async function configLoadTime(monitor_url: string): Promise<string> {
  const answer = await fetch(`${monitor_url}/varz`);
  return ((await answer.json()) as { config_load_time: string }).config_load_time;
}
