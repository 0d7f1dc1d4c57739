/** Many servers behind the plane, over HTTP: each its own pool and path, and one run for an agent over all of them. */
import { join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Listening, listen } from '@countersign/platform/http';
import { isLoopback } from '@countersign/platform/known-hosts';
import type { Logger } from '@countersign/platform/logger';
import { readSecretFile } from '@countersign/worker/read-secret-file';
import { type HttpWorker, httpWorker } from './call-settings.ts';
import { httpCallers } from './http-callers.ts';
import { type OpenServer, openServer } from './open-server.ts';
import type { Beside } from './proxy-file.ts';
import { runsIn } from './runs.ts';
import { httpDoor } from './serve-http.ts';
import type { Served, ServeSettings } from './serve-settings.ts';
import { readTextAt, type Surroundings, upstreamOf } from './serve-upstream.ts';
import { type Reviewers, readReviewers } from './signed-record.ts';

export type ServeOptions = Surroundings & { settings: ServeSettings; log: Logger };
export type Serving = AsyncDisposable & { url: string; stop(): Promise<void> };

/** Resolves when it listens. Throws TypeError for settings that do not do, WorkerStartError, ListenError. */
export async function startServe({ settings, log, ...around }: ServeOptions): Promise<Serving> {
  const { listen: at, plane, run_idle_ms } = settings;
  const tls = tlsOf(at, around.folder);
  const state = resolve(around.folder, settings.state);
  const servers = new Map(
    Object.keys(settings.servers).map((name) => [name, open(name, settings, { ...around, state, log })]),
  );
  const callers = httpCallers(plane, runsIn(join(state, 'runs'), run_idle_ms));
  const door = httpDoor({ servers, callers, origins: at.origins, log });
  const stopAll = async (): Promise<void> => {
    await door.close();
    await Promise.all([...servers.values()].map((server) => server.stop()));
  };
  try {
    await Promise.all([...servers.values()].map((server) => server.start()));
    const names = isLoopback(at.host) || at.names.length > 0 ? { names: at.names } : {};
    const listening = await listen(door.fetch, at.port, at.host, { ...names, ...tls });
    // A client would be the first to find out otherwise.
    for (const server of servers.values()) void server.probe();
    const stop = stopper(listening, stopAll);
    return { url: listening.url, stop, [Symbol.asyncDispose]: stop };
  } catch (thrown) {
    await stopAll();
    throw thrown;
  }
}

/** Beside each other in the folder of state. */
export function besideIn(state: string, server: string): Beside {
  return { tools: join(state, `${server}.tools.json`), calls: join(state, `${server}.calls`) };
}

/** Its callers are of whatever tenants, so a reviewer for some alone signs nothing here. Null when nobody has to sign. Throws TypeError. */
export function reviewersIn({ reviewers }: ServeSettings, folder: string, worker: HttpWorker): Reviewers | null {
  return reviewers === undefined ? null : readReviewers(resolve(folder, reviewers), ['*'], worker);
}

/** Throws TypeError. */
export function workerIn({ worker }: Pick<Served, 'worker'>, folder: string): HttpWorker {
  return readSecretFile(resolve(folder, worker), httpWorker, 'file of a worker over HTTP');
}

type Around = Surroundings & { state: string; log: Logger };

function open(name: string, all: ServeSettings, { state, log, ...around }: Around): OpenServer {
  const { servers, plane } = all;
  const settings = servers[name]!;
  const at = `servers.${name}`;
  const worker = workerIn(settings, around.folder);
  if (new URL(worker.url).origin !== new URL(plane).origin)
    throw new TypeError(`${at}.worker: its plane is another one than ${plane}`);
  return openServer({
    server: name,
    worker,
    settings,
    beside: besideIn(state, name),
    reviewers: reviewersIn(all, around.folder, worker),
    upstream: upstreamOf(settings, at, around),
    log: log.child({ server: name }),
  });
}

function tlsOf({ host, tls, plain_http }: ServeSettings['listen'], folder: string) {
  if (tls !== undefined) {
    const given = {
      cert: readTextAt(resolve(folder, tls.cert), 'listen.tls.cert'),
      key: readTextAt(resolve(folder, tls.key), 'listen.tls.key'),
    };
    try {
      createSecureContext(given);
    } catch {
      throw new TypeError('listen.tls: cert and key are no certificate and its key, both in PEM');
    }
    return { tls: given };
  }
  if (!isLoopback(host) && !plain_http)
    throw new TypeError(
      `listen.host: ${host} can be reached by others: give listen.tls, or plain_http: true where something in front ends TLS`,
    );
  return {};
}

function stopper(listening: Listening, stopAll: () => Promise<void>): () => Promise<void> {
  return async () => {
    const closing = listening.close();
    await stopAll();
    await closing;
  };
}
