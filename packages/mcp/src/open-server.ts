/** One server behind the plane: the upstream, the only worker of its pool, and what its clients are told. */
import { hkdfSync } from 'node:crypto';
import type { Logger } from '@countersign/platform/logger';
import type { Server } from '@modelcontextprotocol/server';
import type { Caller } from './ask-plane.ts';
import type { CallSettings, HttpWorker } from './call-settings.ts';
import { keptTasksIn } from './kept-tasks.ts';
import { type FollowTasks, followTasks } from './listened-tasks.ts';
import { poolOf } from './names.ts';
import { openCallsIn } from './open-calls.ts';
import { poolWorker } from './pool-worker.ts';
import type { Beside } from './proxy-file.ts';
import { type CallerOf, proxyServer } from './proxy-server.ts';
import { reviewedTools } from './reviewed-tools.ts';
import { runJob } from './run-jobs.ts';
import type { Reviewers } from './signed-record.ts';
import { openUpstream, type UpstreamAddress } from './upstream.ts';

export type OpenOptions = {
  server: string;
  worker: HttpWorker;
  settings: CallSettings;
  beside: Beside;
  /** Who signs the record of reviewed tools; null: nobody has to. */
  reviewers: Reviewers | null;
  upstream: UpstreamAddress;
  log: Logger;
};

export type OpenServer = {
  /** For one connection or session, or one request over HTTP. Throws UpstreamError while the server behind cannot be reached. */
  serverFor(callerOf: CallerOf): Promise<Server>;
  /** What a caller that listens for them hears of its own tasks. */
  tasksOf(caller: Caller): FollowTasks;
  /** Called when the server says that its tools changed. */
  changes: Set<() => unknown>;
  /** Whether the server behind can be reached; why not stands in the log. */
  probe(): Promise<void>;
  /** Throws WorkerStartError, RecordError. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** Throws TypeError for a worker of another pool. */
export function openServer({
  server,
  worker: file,
  settings,
  beside,
  reviewers,
  upstream: address,
  log,
}: OpenOptions): OpenServer {
  if (file.pool !== poolOf(server)) throw new TypeError(`the worker of ${server} is not of the pool ${poolOf(server)}`);
  const changes = new Set<() => unknown>();
  const onToolsChanged = (): void => {
    tools.forget();
    for (const tell of changes) tell();
  };
  const upstream = openUpstream(address, { log, onToolsChanged });
  const tools = reviewedTools({ path: beside.tools, server, reviewers, upstream, log });
  if (reviewers === null) log.warn('nobody has to sign the record of reviewed tools');
  const calls = openCallsIn(beside.calls);
  const run = runJob.bind(null, { server, upstream, tools, calls });
  const worker = poolWorker({ file, settings, folder: beside.calls, calls, run, log });
  const { wait_ms, cancel_on_abort } = settings;
  const state_key = new Uint8Array(hkdfSync('sha256', file.signing_key, '', 'countersign mcp request state', 32));
  const tasks = keptTasksIn(beside.calls);
  const parts = { server, url: file.url, calls, tasks, worker, tools, wait_ms, cancel_on_abort, state_key };
  return {
    serverFor: async (callerOf) => proxyServer({ ...parts, capabilities: await upstream.capabilities() }, callerOf),
    tasksOf: (caller) => followTasks({ ...parts, ...caller }),
    changes,
    probe: () =>
      upstream.capabilities().then(
        () => undefined,
        () => undefined,
      ),
    async start() {
      await tools.verify();
      await worker.start();
    },
    async stop() {
      await worker.stop();
      await upstream.close();
    },
  };
}
