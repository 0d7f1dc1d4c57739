/** One server behind the plane for the clients that start the proxy themselves: all of them are its agent. */
import { randomBytes } from 'node:crypto';
import { createClient } from '@countersign/client/create-client';
import type { Logger } from '@countersign/platform/logger';
import type { Server } from '@modelcontextprotocol/server';
import type { FollowTasks } from './listened-tasks.ts';
import { openServer } from './open-server.ts';
import { besideOf, type ProxyFile, reviewersOf } from './proxy-file.ts';
import { runOfSession } from './runs.ts';
import type { UpstreamAddress } from './upstream.ts';

export type ProxyOptions = {
  /** What `path` holds. */
  file: ProxyFile;
  path: string;
  upstream: UpstreamAddress;
  /** What the session is called, where several proxies of one agent are to be one run. */
  session?: string;
  log: Logger;
};

export type Proxy = AsyncDisposable & {
  /** For one connection. `caller` tells clients apart that share the proxy. */
  serverFor(caller: string): Promise<Server>;
  /** What that one hears of its tasks, where it listens. */
  tasksOf(caller: string): FollowTasks;
  stop(): Promise<void>;
};

/** Resolves when the server behind has said what it has. Throws WorkerStartError, UpstreamError, TypeError. */
export async function startProxy({ file, path, upstream, session, log }: ProxyOptions): Promise<Proxy> {
  const { server, agent, api_key, tenant, worker } = file;
  const reviewers = reviewersOf(file, path);
  const opened = openServer({
    server,
    worker,
    settings: file,
    beside: besideOf(path),
    reviewers,
    upstream,
    log: log.child({ server }),
  });
  const client = createClient({ url: worker.url, api_key, tenant });
  // One session, one run: a client starts a process for itself, and ends it with its session.
  const own = `mcp-${server}-${randomBytes(8).toString('hex')}`;
  const caller = { agent, client, run: session === undefined ? own : runOfSession(file, session) };
  const serverFor = async (name: string): Promise<Server> => {
    const made = await opened.serverFor(() => ({ ...caller, name }));
    const tell = (): Promise<unknown> => made.sendToolListChanged().catch(() => opened.changes.delete(tell));
    opened.changes.add(tell);
    made.onclose = () => opened.changes.delete(tell);
    return made;
  };
  try {
    await Promise.all([opened.serverFor(() => ({ ...caller, name: '' })), opened.start()]);
    const tasksOf = (name: string): FollowTasks => opened.tasksOf({ ...caller, name });
    return { serverFor, tasksOf, stop: opened.stop, [Symbol.asyncDispose]: opened.stop };
  } catch (thrown) {
    await opened.stop();
    throw thrown;
  }
}
