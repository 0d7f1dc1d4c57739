/** Where events may go, by the address that `--to` names. Throws UsageError for an address that would send evidence in the clear. */
import type { Client } from '@countersign/client/create-client';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import { UsageError } from '../exit-codes.ts';
import { type FileBounds, writeLines } from './file-sink.ts';
import type { Receiver } from './forward-entries.ts';
import { postJson } from './http-sink.ts';
import { type OcsfEvent, ocsfEvents } from './ocsf-event.ts';
import { openOtlp } from './otlp-sink.ts';
import { sendSyslog } from './syslog-sink.ts';

export type ReceiverOptions = {
  client: Pick<Client, 'entries'>;
  query: EvidenceQuery;
  /** Goes along as a bearer token over HTTP. */
  token: string | undefined;
  bounds: FileBounds;
  dropped(spans: number, why: string): void;
};

const SYSLOG_PORT = 6514;

export function openReceiver(to: string, options: ReceiverOptions): Receiver {
  const url = URL.parse(to);
  if (url === null)
    throw new UsageError('--to must be an address: file:, syslog+tls:, syslog+tcp:, https: or otlp+https:');
  if (url.username !== '' || url.password !== '')
    throw new UsageError('--to must not hold a user name or password: set FORWARD_TOKEN');
  const { token } = options;
  switch (url.protocol) {
    case 'file:':
      return ocsf(async (events) =>
        writeLines(
          url.pathname,
          events.map((event) => JSON.stringify(event)),
          options.bounds,
        ),
      );
    case 'syslog+tls:':
    case 'syslog+tcp:': {
      const target = { host: hostOf(url), port: Number(url.port || SYSLOG_PORT), tls: url.protocol === 'syslog+tls:' };
      return ocsf((events) => sendSyslog(target, events));
    }
    case 'https:':
    case 'http:':
      return ocsf(async (events) => void (await postJson({ url: notInTheClear(url), token }, events)));
    case 'otlp+https:':
    case 'otlp+http:':
      return openOtlp(options, { url: tracesAt(to), token }, options.dropped);
    default:
      throw new UsageError(`--to: nothing is known of ${url.protocol}`);
  }
}

function ocsf(deliver: (events: readonly OcsfEvent[]) => Promise<void>): Receiver {
  return {
    async send(entries, before) {
      const { events, last } = ocsfEvents(entries, before);
      await deliver(events);
      return last;
    },
  };
}

/** The path that the protocol asks for, unless the address has one. */
function tracesAt(to: string): string {
  const url = new URL(to.replace(/^otlp\+/, ''));
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return notInTheClear(url);
}

function notInTheClear(url: URL): string {
  if (url.protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
    throw new UsageError('--to: http is for this machine alone; take https');
  return url.href;
}

function hostOf({ hostname }: URL): string {
  if (hostname === '') throw new UsageError('--to names no host');
  return hostname.replace(/^\[|\]$/g, '');
}
