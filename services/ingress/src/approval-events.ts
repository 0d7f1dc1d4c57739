/**
 * `/approvals/events`: what became of a tenant's approvals since a place in the log, as server-sent events or by long poll. Both are
 * streams to the bounds: the same shares, and the same look again at the credential of whoever waits.
 */
import { approvalEvents, approvalEventsQuery } from '@countersign/contracts/http';
import { showBody } from '@countersign/contracts/ledger-entry';
import type { ReplayPage } from '@countersign/contracts/replay';
import { z } from 'zod';
import type { Caller } from './caller.ts';
import { type Route, route } from './route.ts';
import type { EventStreams } from './stream-events.ts';

const lastEventId = z.string().regex(/^\d{1,15}$/, 'must be the id of an event');
const SERVER_SENT = 'text/event-stream';

export function approvalEventsRoute(streams: EventStreams): Route {
  return route({
    method: 'get',
    path: '/approvals/events',
    summary: 'What became of approvals since a place in the log; `Accept: text/event-stream` keeps it coming',
    permissions: ['approvals:read'],
    query: approvalEventsQuery,
    headers: { 'Last-Event-ID': { says: 'Server-sent events resume after this one', schema: lastEventId } },
    answers: {
      200: {
        says: 'Ledger entries, without content; it goes on at `next`. As server-sent events: id is the place in the log',
        schema: approvalEvents,
      },
    },
    handle: async ({ caller, query, header, signal }) => {
      const { tenant } = caller;
      const last = lastEventId.safeParse(header('last-event-id')).data;
      const since = last === undefined ? query.since : Number(last) + 1;
      const from = since ?? (await streams.readApprovals(tenant, Number.MAX_SAFE_INTEGER)).end;
      if (header('accept')?.includes(SERVER_SENT)) return { stream: await streams.openApprovals(tenant, from, caller) };
      const page = await streams.readApprovals(tenant, from);
      const wait_ms = (query.wait ?? 0) * 1_000;
      // More of the log is there to be looked at: whoever asked goes on at once.
      const isNews = page.entries.length > 0 || page.next < page.end;
      if (isNews || wait_ms === 0) return answer(page);
      const at = Math.min(page.next, page.end);
      const came = await untilTold(streams, { tenant, from: at, caller, wait_ms, signal });
      return answer(came ? await streams.readApprovals(tenant, at) : page);
    },
  });
}

function answer({ entries, next, end }: ReplayPage) {
  return { status: 200, json: { entries: entries.map(showBody), next: Math.min(next, end) } };
}

type Waiting = { tenant: string; from: number; caller: Caller; wait_ms: number; signal: AbortSignal };

/** False when the time is over, or the stream ended first: who may read no more is told nothing, and refused the next time. */
async function untilTold(streams: EventStreams, { tenant, from, caller, wait_ms, signal }: Waiting): Promise<boolean> {
  const reader = (await streams.openApprovals(tenant, from, caller)).getReader();
  const leave = (): void => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(leave, wait_ms);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      // Comments only keep a connection open.
      if (Buffer.from(value).toString('latin1', 0, 3) === 'id:') return true;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    leave();
  }
}
