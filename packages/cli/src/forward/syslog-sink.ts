/**
 * Sends events as syslog (RFC 5424) over TCP or TLS (RFC 5425), each behind its length (RFC 6587, section 3.4.1). Syslog has no
 * acknowledgement, so each batch has a connection of its own: it counts as delivered when the receiver, having read to the end, has
 * closed its side as well. That is as much as syslog can say.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { OcsfEvent } from './ocsf-event.ts';

/** `settle_ms`: how long a receiver that reads nothing has to show it, by closing; 50 where nothing is said. */
export type SyslogTarget = { host: string; port: number; tls: boolean; settle_ms?: number };

/** Log audit, RFC 5424 section 6.2.1. */
const FACILITY = 13;
/** OCSF's severity → that of syslog. */
const SEVERITY: Readonly<Record<number, number>> = { 1: 6, 3: 4, 4: 3 };
const TIMEOUT_MS = 30_000;
const SETTLE_MS = 50;

/** Throws when the receiver did not take all of it, and cannot be known to. */
export function sendSyslog(target: SyslogTarget, events: readonly OcsfEvent[]): Promise<void> {
  const { host, port, tls, settle_ms = SETTLE_MS } = target;
  // An address has no name to ask for (RFC 6066, section 3); the certificate is compared with it all the same.
  const servername = isIP(host) === 0 ? host : '';
  const socket = tls ? connectTls({ host, port, servername }) : connectTcp({ host, port, allowHalfOpen: true });
  return deliver(socket, tls ? 'secureConnect' : 'connect', Buffer.concat(events.map(frame)), settle_ms);
}

/** With ASCII alone as text: then no mark of an encoding is due (section 6.4). */
export function syslogMessage(event: OcsfEvent): string {
  const { metadata, severity_id } = event;
  const priority = FACILITY * 8 + (SEVERITY[severity_id] ?? 6);
  const text = JSON.stringify(event).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `<${priority}>1 ${metadata.original_time} ${hostOf()} countersign - ${metadata.event_code.slice(0, 32)} - ${text}`;
}

function frame(event: OcsfEvent): Buffer {
  const message = syslogMessage(event);
  return Buffer.from(`${message.length} ${message}`);
}

function hostOf(): string {
  return (
    hostname()
      .replaceAll(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-'
  );
}

/** Whoever closes before it was told the end has not read to it: a proxy without a server behind it does. */
function deliver(socket: Socket, ready: string, bytes: Buffer, settle_ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let [told, heard] = [false, false];
    let settling: NodeJS.Timeout | undefined;
    const end = (): void => {
      told = true;
      socket.end();
    };
    const fail = (why: string): void => reject(new Error(`the receiver ${why}`));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')));
    socket.on('error', (thrown: NodeJS.ErrnoException) =>
      fail(`could not be reached or went away (${thrown.code ?? thrown.message})`),
    );
    socket.once(ready, () =>
      socket.write(bytes, () => {
        settling = setTimeout(end, settle_ms);
      }),
    );
    socket.once('end', () => {
      heard = told;
      if (!told) socket.destroy();
    });
    socket.once('close', (broken) => {
      clearTimeout(settling);
      return heard && !broken ? resolve() : fail('closed before it had all');
    });
    // Nothing is asked of it; reading is how its end is heard.
    socket.resume();
  });
}
