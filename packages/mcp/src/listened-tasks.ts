/**
 * Of 2026-07-28: who listens for changes may name tasks (`subscriptions/listen` with `taskIds`), and is told of each state with all that
 * `tasks/get` answers. The library serves that request and knows no tasks: it is asked for changes of tools, which it has for
 * everybody, and what it hears and says is completed on the wire. Whoever listens waits for the jobs, so they may run.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import {
  MissingRequiredClientCapabilityError,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { declaresTasks, ownerOf, REQUIRES_TASKS, type TaskParts, taskNow } from './serve-tasks.ts';
import type { McpResult } from './show-outcome.ts';
import { MOST_FOLLOWED, taskNotices } from './task-notices.ts';

/** Of JSON-RPC, with whatever is in it. */
export type Message = {
  method?: string | undefined;
  id?: unknown;
  params?: Named | undefined;
  [member: string]: unknown;
};
type Named = { [member: string]: unknown };
/** False when nobody hears any more. */
type Say = (message: Message) => Promise<boolean>;
/** The tasks that are followed until `signal`: the caller's own, MOST_FOLLOWED at most. */
export type FollowTasks = (
  ids: readonly string[],
  signal: AbortSignal,
  tell: (task: McpResult) => Promise<boolean>,
) => string[];

export type Listening = {
  /** What the library is to hear in place of a client's message, or what its client is answered. */
  hear(message: Message): { pass: Message } | { answer: Message };
  /** What the client is to see in place of the library's message; null: nothing. */
  show(message: Message): Message | null;
  close(): void;
};

const INVALID_PARAMS = -32_602;
const LISTEN = 'subscriptions/listen';
const taskIds = z.array(z.string()).max(LIMITS.mcp_agent_tasks);

export function isListening(message: unknown): message is Message {
  return (message as Message | undefined)?.method === LISTEN;
}

export function followTasks(parts: TaskParts): FollowTasks {
  return (ids, signal, tell) => {
    const found = [...new Set(ids)].flatMap((id) => parts.tasks.find(ownerOf(parts), id) ?? []).slice(0, MOST_FOLLOWED);
    const notices = taskNotices(signal);
    // What names them is on its way by then.
    setImmediate(() => {
      for (const task of signal.aborted ? [] : found) {
        if (parts.calls.has(task.job_id))
          signal.addEventListener('abort', parts.worker.join(task.job_id), { once: true });
        let told = '';
        notices.follow(parts.client, task.job_id, task.ttl_ms, async () => {
          const now = await taskNow(parts, task, signal);
          const key = canonicalize([now.status, now.statusMessage ?? null] as string[]);
          if (key === told) return true;
          told = key;
          return tell(now);
        });
      }
    });
    return found.map(({ job_id }) => job_id);
  };
}

/** Of one connection, or of one request over HTTP. */
export function listenForTasks(follow: FollowTasks, say: Say): Listening {
  const open = new Map<unknown, { ids: string[]; tools: boolean; over: AbortController }>();
  const leave = (id: unknown): void => {
    open.get(id)?.over.abort();
    open.delete(id);
  };
  const acknowledge = (id: unknown, message: Message): Message => {
    const { ids, tools, over } = open.get(id)!;
    const { toolsListChanged, ...others } = namedIn(message.params, 'notifications');
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
    const followed = follow(ids, over.signal, (task) =>
      say({ jsonrpc: '2.0', method: 'notifications/tasks', params: { ...task, _meta } }),
    );
    const notifications = { ...others, ...(tools ? { toolsListChanged } : {}), taskIds: followed };
    return { ...message, params: { ...message.params, notifications } };
  };
  return {
    hear(message) {
      const { method, id, params } = message;
      if (method === 'notifications/cancelled') leave(params?.requestId);
      const notifications = namedIn(params, 'notifications');
      const meta = namedIn(params, '_meta');
      if (method !== LISTEN || notifications.taskIds === undefined || meta[PROTOCOL_VERSION_META_KEY] === undefined)
        return { pass: message };
      if (!declaresTasks(meta)) return answer(id, new MissingRequiredClientCapabilityError(REQUIRES_TASKS));
      const ids = taskIds.safeParse(notifications.taskIds);
      if (!ids.success)
        return answer(id, new ProtocolError(INVALID_PARAMS, `taskIds: up to ${LIMITS.mcp_agent_tasks} ids of tasks`));
      leave(id);
      open.set(id, { ids: ids.data, tools: notifications.toolsListChanged === true, over: new AbortController() });
      return {
        pass: { ...message, params: { ...params, notifications: { ...notifications, toolsListChanged: true } } },
      };
    },
    show(message) {
      const { method, id, params } = message;
      // The library ends it, or refused it.
      if (method === undefined) leave(id);
      const of = namedIn(params, '_meta')[SUBSCRIPTION_ID_META_KEY];
      if (!open.has(of)) return message;
      if (method === 'notifications/subscriptions/acknowledged') return acknowledge(of, message);
      return method === 'notifications/tools/list_changed' && !open.get(of)!.tools ? null : message;
    },
    close() {
      for (const id of [...open.keys()]) leave(id);
    },
  };
}

function answer(id: unknown, { code, message, data }: ProtocolError): { answer: Message } {
  return { answer: { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } } };
}

/** Whatever a client sent: what is no object has no members. */
function namedIn(params: Named | undefined, member: string): Named {
  const found = params?.[member];
  return typeof found === 'object' && found !== null ? (found as Named) : {};
}
