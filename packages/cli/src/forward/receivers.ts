/** Where events may go, by the address that `--to` names. Throws UsageError for an address that would send evidence in the clear. */
import { fileURLToPath } from 'node:url';
import type { Client } from '@countersign/client/create-client';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import { UsageError } from '../exit-codes.ts';
import { type FileBounds, writeLines } from './file-sink.ts';
import type { Receiver } from './forward-entries.ts';
import { type HttpTarget, postJson } from './http-sink.ts';
import { type OcsfEvent, ocsfEvents } from './ocsf-event.ts';
import { openOtlp } from './otlp-sink.ts';
import { sendSyslog } from './syslog-sink.ts';

export type ReceiverOptions = {
  client: Pick<Client, 'entries'>;
  query: EvidenceQuery;
  /** Goes along as a bearer token over HTTP. */
  token?: string | undefined;
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
      return toFile(pathOf(url), options.bounds);
    case 'syslog+tls:':
    case 'syslog+tcp:': {
      const tls = url.protocol === 'syslog+tls:';
      const target = { host: hostOf(url), port: Number(url.port || SYSLOG_PORT), tls };
      if (!tls) onlyHere(target.host);
      return ocsf((events) => sendSyslog(target, events));
    }
    case 'https:':
    case 'http:':
      return toHttp({ url: notInTheClear(url), token });
    case 'otlp+https:':
    case 'otlp+http:':
      return openOtlp(options, { url: tracesAt(to), token }, options.dropped);
    default:
      throw new UsageError(`--to: nothing is known of ${url.protocol}`);
  }
}

function toFile(path: string, bounds: FileBounds): Receiver {
  return ocsf(async (events) => {
    const lines = events.map((event) => JSON.stringify(event));
    writeLines(path, lines, bounds);
  });
}

function toHttp(target: HttpTarget): Receiver {
  return ocsf(async (events) => void (await postJson(target, events)));
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
  if (url.protocol === 'http:') onlyHere(hostOf(url));
  return url.href;
}

/** Evidence says who does what: it crosses no network where others can read or change it. */
function onlyHere(host: string): void {
  if (!['localhost', '127.0.0.1', '::1'].includes(host))
    throw new UsageError(
      '--to: without TLS only to a receiver on this machine; take https:, otlp+https: or syslog+tls:',
    );
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw new UsageError('--to: a file is named by its whole path, as in file:///var/log/countersign.ndjson');
  }
}

function hostOf({ hostname }: URL): string {
  if (hostname === '') throw new UsageError('--to names no host');
  return hostname.replace(/^\[|\]$/g, '');
}
