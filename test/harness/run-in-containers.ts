/**
 * `TEST_STACK=containers`: the same two servers from their published images instead of the binaries that the bootstrap
 * fetches. The containers share the host's network, so that addresses and configuration are the same either way; that
 * takes an engine on Linux.
 */
import { randomBytes } from 'node:crypto';
import { MIN_NATS_VERSION } from '@countersign/contracts/streams';
import { baseImages, INITDB_ARGS } from '@countersign/infra/compose/base-images';
import { findFreePort } from '@countersign/infra/find-free-port';
import type { NatsProgram } from '@countersign/infra/run-nats-server';
import type { PostgresHandle } from '@countersign/infra/run-postgres';
import { SetUpError } from '@countersign/infra/set-up-error';
import type { ExitReport, GuardedProcess } from '@countersign/infra/spawn-guarded';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';

const IMAGES = baseImages(process.env);
const STOP_SECONDS = 10;
const START_MS = 60_000;

/** Throws SetUpError when no container engine answers. */
export async function requireContainerEngine(): Promise<void> {
  try {
    await getContainerRuntimeClient();
  } catch (cause) {
    throw new SetUpError(
      'TEST_STACK=containers needs a Docker engine, and none answers. Start one, or leave TEST_STACK out.',
      { cause },
    );
  }
}

export async function runPostgresContainer(): Promise<PostgresHandle> {
  const password = randomBytes(24).toString('hex');
  const port = await findFreePort();
  const admin_url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'max_connections=300', 'fsync=off'];
  const started = await new GenericContainer(IMAGES.postgres)
    .withNetworkMode('host')
    .withEnvironment({ POSTGRES_PASSWORD: password, POSTGRES_INITDB_ARGS: INITDB_ARGS })
    .withCommand(['postgres', ...settings.flatMap((setting) => ['-c', setting])])
    // Over TCP only the real server answers: the image starts another one for its own set-up first.
    .withWaitStrategy(Wait.forSuccessfulCommand(`pg_isready --host=127.0.0.1 --port=${port}`))
    .start();
  const { container } = await getContainerRuntimeClient();
  const handle = container.getById(started.getId());
  const look = async () => (await handle.inspect()).State;
  const isRunning = async (): Promise<boolean> => (await look()).Running;
  let pid: number | undefined = (await look()).Pid;
  const kill = async (): Promise<void> => {
    if (!(await isRunning())) return;
    const exited = handle.wait({ condition: 'not-running' });
    await handle.kill({ signal: 'SIGKILL' });
    await exited;
  };
  return {
    admin_url,
    port,
    get pid() {
      return pid;
    },
    // In a volume of the container's own, which goes with it.
    data_dir: undefined,
    // The engine's own restart policy keeps a container alive, not a launcher of ours.
    ended: () => undefined,
    isRunning: () => pid !== undefined,
    kill,
    stop: async () => ((await isRunning()) ? void (await handle.stop({ t: STOP_SECONDS })) : undefined),
    async start() {
      if (!(await isRunning())) await handle.start();
      await waitUntil('Postgres accepts connections', () => answers(admin_url), { timeout_ms: START_MS });
      pid = (await look()).Pid;
    },
    [Symbol.asyncDispose]: async () => void (await started.stop({ remove: true, removeVolumes: true })),
  };
}

export function natsContainer(): NatsProgram {
  let running: StartedTestContainer | undefined;
  return {
    // Which server the image brings shows only when it runs; the provisioner asks it then.
    version: MIN_NATS_VERSION,
    async checkConfig(conf_path) {
      const { exitCode, output } = await running!.exec(['nats-server', '-t', '-c', conf_path]);
      if (exitCode !== 0) throw new Error(output);
    },
    async run(conf_path, dir) {
      running = await new GenericContainer(IMAGES.nats)
        .withNetworkMode('host')
        .withUser(`${process.getuid?.()}:${process.getgid?.()}`)
        .withBindMounts([{ source: dir, target: dir, mode: 'rw' }])
        .withCommand(['nats-server', '-c', conf_path])
        .withWaitStrategy(Wait.forLogMessage(/Server is ready/))
        .start();
      return asProcess(running);
    },
  };
}

async function answers(admin_url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: admin_url });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function asProcess(started: StartedTestContainer): Promise<GuardedProcess> {
  const { container } = await getContainerRuntimeClient();
  const handle = container.getById(started.getId());
  const { State } = await handle.inspect();
  let isRunning = true;
  const exited: Promise<ExitReport> = handle.wait().then(({ StatusCode }: { StatusCode: number }) => {
    isRunning = false;
    return { code: StatusCode, signal: null };
  });
  const end = async (request: Promise<unknown>): Promise<void> => {
    await request;
    await exited;
    await started.stop({ remove: true });
  };
  return {
    pid: State.Pid,
    exited,
    isRunning: () => isRunning,
    // Whoever wants to read it asks the engine.
    said: () => '',
    signal: (signal) => void handle.kill({ signal }),
    stop: async () => (isRunning ? end(handle.stop({ t: STOP_SECONDS })) : undefined),
    kill: async () => (isRunning ? end(handle.kill({ signal: 'SIGKILL' })) : undefined),
  };
}
