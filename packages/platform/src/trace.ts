/** W3C Trace Context, level 1: the one header that ties a request's HTTP, RPC, stream and ledger traces together. */
import { randomHex } from './ids.ts';

/** Version 00 has 55 characters, a higher one may go on after a dash, and ff is none (section 3.2.4). */
const VERSION = /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2}(?=.{53}(?:-|$)))/;
const TRACEPARENT = new RegExp(`${VERSION.source}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}`);

export function newTraceparent(): string {
  return `00-${randomHex(16)}-${randomHex(8)}-01`;
}

/** Same trace, new span, in the version that is spoken here; a header that is not one starts a new trace (section 3.2.2.5). */
export function childOf(traceparent: string | undefined): string {
  return traceparent !== undefined && TRACEPARENT.test(traceparent)
    ? `00-${traceparent.slice(3, 36)}${randomHex(8)}-01`
    : newTraceparent();
}

export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
