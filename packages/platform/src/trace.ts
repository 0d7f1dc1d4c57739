/** W3C Trace Context, level 1: the one header that ties a request's HTTP, RPC, stream and ledger traces together. */
import { firstSpan, runSpan } from '@countersign/ledger/span-ids';
import { randomHex } from './ids.ts';

/** Version 00 has 55 characters, a higher one may go on after a dash, and ff is none (section 3.2.4). */
const VERSION = /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2}(?=.{53}(?:-|$)))/;
const TRACEPARENT = new RegExp(`${VERSION.source}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}`);

/** Its span is the first of the trace, and known for it: nobody called. */
export function newTraceparent(): string {
  const trace_id = randomHex(16);
  return `00-${trace_id}-${firstSpan(trace_id)}-01`;
}

/**
 * The caller's own context, in the version that is spoken here: its span is the parent of the job's. A header that is not one
 * starts a new trace (section 3.2.2.5).
 */
export function receivedFrom(traceparent: string | undefined): string {
  return traceparent !== undefined && TRACEPARENT.test(traceparent)
    ? `00-${traceparent.slice(3, 52)}-01`
    : newTraceparent();
}

/** The same trace within the run of an attempt: what a handler calls is that run's child. */
export function withinRun(traceparent: string | undefined, dispatch_id: string): string {
  return `00-${traceIdOf(receivedFrom(traceparent))}-${runSpan(dispatch_id)}-01`;
}

export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
