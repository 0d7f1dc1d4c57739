/** One server behind the plane: the upstream, the pool's worker, and what clients talk to. */
import { createClient } from '@countersign/client/create-client';
import type { Logger } from '@countersign/platform/logger';
import { createWorker } from '@countersign/worker/create-worker';
import type { WorkerJob } from '@countersign/worker/worker-options';
import type { Server } from '@modelcontextprotocol/server';
import { poolOf } from './names.ts';
import { openCallsIn } from './open-calls.ts';
import { besideOf, type ProxyFile } from './proxy-file.ts';
import { proxyServer } from './proxy-server.ts';
import { reviewedTools } from './reviewed-tools.ts';
import { runJob } from './run-jobs.ts';
import { openUpstream, type UpstreamOptions } from './upstream.ts';
import { waitingCallers } from './waiting-callers.ts';

export type ProxyOptions = {
  /** What `path` holds. */
  file: ProxyFile;
  path: string;
  upstream: Omit<UpstreamOptions, 'log' | 'onToolsChanged'> & Partial<UpstreamOptions>;
  log: Logger;
};

export type Proxy = AsyncDisposable & {
  /** For one connection, or one request over HTTP. */
  serverFor(caller: string): Server;
  stop(): Promise<void>;
};

/** An unclaimed delivery comes again by itself after 15 s. */
const UNWANTED_MS = 12_000;
/** Also bounds the calls that wait for their caller at one time. */
const CONCURRENCY = 64;

/** Resolves when the worker takes work and the server behind has said what it has. Throws WorkerStartError, UpstreamError. */
export async function startProxy({ file, path, upstream: behind, log }: ProxyOptions): Promise<Proxy> {
  const { server, agent, api_key, tenant } = file;
  const { url } = file.worker;
  if (file.worker.pool !== poolOf(server)) throw new TypeError(`the worker's pool is not ${poolOf(server)}`);
  const beside = besideOf(path);
  const client = createClient({ url, api_key, tenant });
  const servers = new Set<Server>();
  const upstream = openUpstream({
    ...(behind as UpstreamOptions),
    log,
    onToolsChanged: () => {
      tools.forget();
      for (const each of servers) each.sendToolListChanged().catch(() => servers.delete(each));
    },
  });
  const tools = reviewedTools(beside.tools, server, upstream);
  const calls = openCallsIn(beside.calls);
  const waiting = waitingCallers();
  const running = new Set<string>();
  const wanted = async ({ job_id }: Pick<WorkerJob, 'job_id'>): Promise<boolean> => {
    if (!calls.has(job_id)) return false;
    return file.run_when === 'granted' || waiting.until(job_id, UNWANTED_MS);
  };
  const worker = createWorker({
    ...file.worker,
    concurrency: CONCURRENCY,
    wanted,
    log,
    handle: async (job, context) => {
      running.add(job.job_id);
      try {
        return await runJob({ server, upstream, tools }, job, context);
      } finally {
        running.delete(job.job_id);
      }
    },
  });
  const stop = async (): Promise<void> => {
    await worker.stop();
    await upstream.close();
  };
  try {
    const [capabilities] = await Promise.all([upstream.capabilities(), worker.start()]);
    const isRunning = (job_id: string): boolean => running.has(job_id);
    const parts = { server, url, agent, client, calls, waiting, isRunning, tools, capabilities, wait_ms: file.wait_ms };
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
