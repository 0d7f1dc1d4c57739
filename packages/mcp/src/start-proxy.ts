/** One server behind the plane: the upstream, the pool's worker, and what clients talk to. */
import { randomBytes } from 'node:crypto';
import { createClient } from '@countersign/client/create-client';
import type { Logger } from '@countersign/platform/logger';
import type { Server } from '@modelcontextprotocol/server';
import { poolOf } from './names.ts';
import { openCallsIn } from './open-calls.ts';
import { poolWorker } from './pool-worker.ts';
import { besideOf, type ProxyFile } from './proxy-file.ts';
import { proxyServer } from './proxy-server.ts';
import { reviewedTools } from './reviewed-tools.ts';
import { runJob } from './run-jobs.ts';
import { openUpstream, type UpstreamAddress } from './upstream.ts';

export type ProxyOptions = {
  /** What `path` holds. */
  file: ProxyFile;
  path: string;
  upstream: UpstreamAddress;
  log: Logger;
};

export type Proxy = AsyncDisposable & {
  /** For one connection, or one request over HTTP. `caller` tells clients apart that share the proxy. */
  serverFor(caller: string): Server;
  stop(): Promise<void>;
};

/** Resolves when the server behind has said what it has. Throws WorkerStartError, UpstreamError, TypeError. */
export async function startProxy({ file, path, upstream: address, log }: ProxyOptions): Promise<Proxy> {
  const { server, agent, api_key, tenant, wait_ms, cancel_on_abort } = file;
  const { url } = file.worker;
  if (file.worker.pool !== poolOf(server)) throw new TypeError(`${path}: the worker's pool is not ${poolOf(server)}`);
  const beside = besideOf(path);
  const servers = new Set<Server>();
  const onToolsChanged = (): void => {
    tools.forget();
    for (const each of servers) each.sendToolListChanged().catch(() => servers.delete(each));
  };
  const upstream = openUpstream(address, { log, onToolsChanged });
  const tools = reviewedTools(beside.tools, server, upstream);
  const calls = openCallsIn(beside.calls);
  const run = runJob.bind(null, { server, upstream, tools });
  const worker = poolWorker({ file, folder: beside.calls, calls, run, log });
  const stop = async (): Promise<void> => {
    await worker.stop();
    await upstream.close();
  };
  try {
    const [capabilities] = await Promise.all([upstream.capabilities(), worker.start()]);
    const client = createClient({ url, api_key, tenant });
    // One session, one run: a client starts a process for itself, and ends it with its session.
    const session = { run: `mcp-${server}-${randomBytes(8).toString('hex')}`, client, calls, worker, tools };
    const parts = { server, url, agent, ...session, capabilities, wait_ms, cancel_on_abort };
    const serverFor = (caller: string): Server => {
      const made = proxyServer(parts, caller);
      servers.add(made);
      made.onclose = () => servers.delete(made);
      return made;
    };
    return { serverFor, stop, [Symbol.asyncDispose]: stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
