// `TEST_STACK=containers`: the same two servers from their published images instead of the binaries that the bootstrap
// fetches. The containers share the host's network, so that addresses and configuration are the same either way; that
// takes an engine on Linux.
import { randomBytes } from 'node:crypto';
import { findFreePort } from '@countersign/infra/find-free-port';
import type { NatsProgram } from '@countersign/infra/run-nats-server';
import { SetUpError } from '@countersign/infra/set-up-error';
import type { ExitReport, GuardedProcess } from '@countersign/infra/spawn-guarded';
import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  type TestContainer,
  Wait,
} from 'testcontainers';

const POSTGRES_IMAGE = 'postgres:18';
const NATS_IMAGE = 'nats:2.12';
/** What the image's tag promises at least; the server itself is asked when the streams are made. */
const NATS_VERSION = '2.12.0';
const STOP_SECONDS = 10;

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

export async function runPostgresContainer(): Promise<AsyncDisposable & { admin_url: string }> {
  const password = randomBytes(24).toString('hex');
  const port = await findFreePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'max_connections=300', 'fsync=off'];
  const container = await new GenericContainer(POSTGRES_IMAGE)
    .withNetworkMode('host')
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(['postgres', ...settings.flatMap((setting) => ['-c', setting])])
    // The image starts a server for its own set-up first.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  return {
    admin_url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}

export function natsContainer(): NatsProgram {
  return {
    version: NATS_VERSION,
    // Only the container has the program. A configuration that it refuses shows when the reload never comes about.
    checkConfig: async () => {},
    async run(conf_path, dir) {
      const image = new GenericContainer(NATS_IMAGE)
        .withNetworkMode('host')
        .withUser(`${process.getuid?.()}:${process.getgid?.()}`)
        .withBindMounts([{ source: dir, target: dir, mode: 'rw' }])
        .withCommand(['-c', conf_path])
        .withWaitStrategy(Wait.forLogMessage(/Server is ready/));
      return startAsProcess(image);
    },
  };
}

async function startAsProcess(image: TestContainer): Promise<GuardedProcess> {
  const started: StartedTestContainer = await image.start();
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
    signal: (signal) => void handle.kill({ signal }),
    stop: async () => (isRunning ? end(handle.stop({ t: STOP_SECONDS })) : undefined),
    kill: async () => (isRunning ? end(handle.kill({ signal: 'SIGKILL' })) : undefined),
  };
}
