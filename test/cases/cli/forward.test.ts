/**
 * `countersign audit forward`: every entry reaches the receiver, in order and at least once, whichever of the three (API, receiver,
 * disk) fails in between; nothing leaves in the clear, and no credential shows.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';
import { EXIT, UsageError } from '@countersign/cli/exit-codes';
import { writeLines } from '@countersign/cli/forward/file-sink';
import { type Cursor, openCursor } from '@countersign/cli/forward/forward-cursor';
import { type Forwarding, forwardEntries, type Part, type Receiver } from '@countersign/cli/forward/forward-entries';
import { ocsfEvents } from '@countersign/cli/forward/ocsf-event';
import { openReceiver } from '@countersign/cli/forward/receivers';
import { sendSyslog } from '@countersign/cli/forward/syslog-sink';
import { ApiError } from '@countersign/client/api-error';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../../../infra/find-free-port.ts';
import { playApi } from './play-api.ts';
import { CERT, playHttp, playSyslog } from './play-receivers.ts';
import { newFolder, runCli } from './run-cli.ts';

const TOKEN = 'cst_receiver_token';
const ENTRIES: ShownEntry[] = Array.from({ length: 7 }, (_, i) => ({
  ...{ chain: `job:acme:j${i}`, seq: 1, kind: 'job_admitted', recorded_by: 'countersign_scheduler', tenant: 'acme' },
  ...{ topic: 'job.disk.read', recorded_at: `2026-11-25T10:00:0${i}.000001Z`, prev_hash: '0'.repeat(64) },
  ...{ hash: String(i).repeat(64), leaf_index: i, body: { job_id: `j${i}`, actor: 'bot', owner: 'olga' } },
}));
const EVENTS = ocsfEvents(ENTRIES, null).events;
const PAGE = 3;

const source: Forwarding['client'] = {
  entries: async ({ from = 0 } = {}) => {
    const entries = ENTRIES.slice(Number(from), Number(from) + PAGE);
    return { entries, next: Number(from) + entries.length, end: ENTRIES.length };
  },
};

function served() {
  return playApi({
    'GET /evidence/entries': ({ query: { from = '0' } }) => {
      const entries = ENTRIES.slice(Number(from), Number(from) + PAGE);
      return { body: { entries, next: Number(from) + entries.length, end: ENTRIES.length } };
    },
  });
}

function forward(url: string, to: string, state: string, ...more: string[]) {
  return runCli(...['audit', 'forward', '--url', url, '--key', 'k', '--to', to, '--state', state, '--once', ...more]);
}

/** Runs until everything was sent, or a part failed so often. */
async function run(over: Partial<Forwarding> & Pick<Forwarding, 'receiver' | 'cursor'>, failures = 20) {
  const failed: Part[] = [];
  const behind: (number | null)[] = [];
  const waited: number[] = [];
  const stop = new AbortController();
  await forwardEntries({
    ...{ client: source, query: {}, once: false, signal: stop.signal },
    sent: (_, waiting) => {
      if (waiting === 0) stop.abort();
    },
    failed: (part, _, waiting) => {
      failed.push(part);
      behind.push(waiting);
      if (failed.length >= failures) stop.abort();
    },
    pause: async (ms) => void waited.push(ms),
    ...over,
  });
  return { failed, waited, behind };
}

function receiverAt(to: string) {
  const options = { client: source, query: {}, token: TOKEN, bounds: { max_bytes: 1_000_000, keep: 2 } };
  return openReceiver(to, { ...options, dropped: () => undefined });
}

function newCursor(path = join(newFolder(), 'state')): Cursor {
  return openCursor(path, 'own x', 0);
}

function linesOf(path: string): unknown[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** As `NODE_EXTRA_CA_CERTS` does it for a process. */
async function trusting<T>(run: () => Promise<T>): Promise<T> {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, CERT]);
  try {
    return await run();
  } finally {
    tls.setDefaultCACertificates(before);
  }
}

afterEach(() => vi.unstubAllEnvs());

describe('the command', () => {
  test('writes each entry once into a file, goes on where it ended, and says how far it is', async () => {
    await using api = await served();
    const [folder, port] = [newFolder(), await findFreePort()];
    const [state, file] = [join(folder, 'state'), join(folder, 'a b.ndjson')];
    const to = pathToFileURL(file).href;
    const first = await forward(api.url, to, state, '--json', '--metrics-port', String(port));
    expect(first.json).toEqual({ entries: 7, failures: 0, dropped_spans: 0, waiting_leaves: 0 });
    expect(linesOf(file)).toEqual(EVENTS);
    expect(statSync(file).mode & 0o77).toBe(0);
    expect((await forward(api.url, to, state, '--json')).json).toMatchObject({ entries: 0 });
    expect(linesOf(file)).toEqual(EVENTS);
    expect(api.asked.map(({ query }) => query.from)).toEqual(['0', '3', '6', '7']);
    expect(existsSync(`${state}.lock`)).toBe(false);
  });

  test('posts events with its token, serves its counters, and shows the token nowhere', async () => {
    await using api = await served();
    const port = await findFreePort();
    const pages: string[] = [];
    await using siem = await playHttp(async () => {
      pages.push(
        siem.got.length > 3 ? '' : await fetch(`http://127.0.0.1:${port}/metrics`).then((page) => page.text()),
      );
      return { status: siem.got.length === 3 ? 500 : 200, text: 'thanks for nothing' };
    });
    vi.stubEnv('FORWARD_TOKEN', TOKEN);
    const [state, to] = [join(newFolder(), 'state'), `http://127.0.0.1:${siem.port}/in`];
    const { error, out, code } = await forward(api.url, to, state, '--metrics-port', String(port));
    expect(siem.got.flatMap(({ body }) => body)).toEqual(EVENTS);
    expect(siem.got[0]).toMatchObject({ path: '/in', headers: { authorization: `Bearer ${TOKEN}` } });
    // The third page was refused: it is what comes first the next time.
    expect(code).toBe(EXIT.unavailable);
    expect(error).toContain('500');
    expect((await forward(api.url, to, state, '--json')).json).toMatchObject({ entries: 1 });
    expect(siem.got[3]!.body).toEqual(EVENTS.slice(6));
    expect(pages[2]).toMatch(/countersign_forward_entries_total(\{[^}]*\})? 6/);
    expect(`${error}${out}${readFileSync(state, 'utf8')}`).not.toContain(TOKEN);
  });

  test.each([
    ['nonsense', 'no address'],
    ['ftp://x/y', 'nothing that is known'],
    ['http://siem.example/in', 'evidence in the clear'],
    ['otlp+http://collector.example', 'spans in the clear'],
    ['syslog+tcp://siem.example', 'syslog in the clear'],
    [`https://user:${TOKEN}@siem.example/in`, 'a password on the command line'],
    ['file://elsewhere/x', 'a file of another machine'],
    ['syslog+tls:///x', 'no host'],
  ])('--to %s is refused: %s', async (to) => {
    const state = join(newFolder(), 'state');
    const { code, error } = await forward('http://127.0.0.1:1', to, state);
    expect(code).toBe(EXIT.usage);
    expect(error).not.toContain(TOKEN);
    expect(existsSync(state)).toBe(false);
  });

  test('a key that may not read ends it at once', async () => {
    await using api = await playApi({
      'GET /evidence/entries': () => ({
        status: 403,
        body: { code: 'permission_missing', detail: 'no', trace_id: '0' },
      }),
    });
    const file = pathToFileURL(join(newFolder(), 'x')).href;
    const { code } = await runCli(
      'audit',
      'forward',
      '--url',
      api.url,
      '--key',
      'k',
      '--to',
      file,
      '--state',
      `${newFolder()}/s`,
    );
    expect(code).toBe(EXIT.refused);
    expect(api.asked).toHaveLength(1);
  });
});

describe('at least once, in order', () => {
  test('what a receiver did not take comes again, later and later, and nothing is left out', async () => {
    let asked = 0;
    await using siem = await playHttp(() => ({ status: [2, 3, 4].includes(++asked) ? 503 : 200 }));
    const { failed, waited, behind } = await run({
      receiver: receiverAt(`http://127.0.0.1:${siem.port}/`),
      cursor: newCursor(),
    });
    expect(failed).toEqual(['receiver', 'receiver', 'receiver']);
    // What waits is told although nothing was sent.
    expect(behind).toEqual([4, 4, 4]);
    // The last one is the look for what is new.
    expect(waited).toEqual([1_000, 2_000, 4_000, 1_000]);
    const taken = siem.got.filter((_, i) => ![1, 2, 3].includes(i)).flatMap(({ body }) => body);
    expect(taken).toEqual(EVENTS);
  });

  test('the place is noted after the delivery, never before', async () => {
    const path = join(newFolder(), 'state');
    const noted: unknown[] = [];
    const receiver: Receiver = {
      send: async (_, last) => {
        noted.push(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).next : null);
        return last;
      },
    };
    await run({ receiver, cursor: newCursor(path) });
    expect(noted).toEqual([null, 3, 6]);
  });

  test('killed between delivery and note, it sends the same again, to the byte', async () => {
    await using siem = await playHttp(() => ({ status: 200 }));
    const receiver = receiverAt(`http://127.0.0.1:${siem.port}/`);
    const path = join(newFolder(), 'state');
    const cursor = newCursor(path);
    const killed = {
      ...cursor,
      move: (place: Parameters<Cursor['move']>[0]) => {
        if (place.next === 6) throw new Error('killed');
        cursor.move(place);
      },
    };
    await run({ receiver, cursor: killed }, 1);
    cursor.close();
    await run({ receiver, cursor: newCursor(path) });
    const bodies = siem.got.map(({ body }) => JSON.stringify(body));
    expect(bodies[1]).toBe(bodies[2]);
    expect(bodies.toSpliced(1, 1).flatMap((body) => JSON.parse(body))).toEqual(EVENTS);
  });

  test('a disk that takes no note holds nothing up', async () => {
    await using siem = await playHttp(() => ({ status: 200 }));
    const cursor = newCursor(join(newFolder(), 'state'));
    let place = cursor.place();
    const full = {
      ...cursor,
      place: () => place,
      move: (to: typeof place) => {
        place = to;
        throw new Error('ENOSPC');
      },
    };
    const { failed } = await run({ receiver: receiverAt(`http://127.0.0.1:${siem.port}/`), cursor: full });
    expect(siem.got.flatMap(({ body }) => body)).toEqual(EVENTS);
    expect(new Set(failed)).toEqual(new Set(['cursor']));
  });

  test('an API that is away is waited for', async () => {
    let asked = 0;
    const client: Forwarding['client'] = {
      entries: async (query) => {
        asked += 1;
        if (asked === 2) throw new ApiError(0, { code: 'ingress_unavailable', detail: 'no answer' });
        if (asked === 3) throw new ApiError(503, { code: 'audit_unavailable', detail: 'away' });
        return source.entries(query);
      },
    };
    const file = join(newFolder(), 'events');
    const { failed } = await run({ client, receiver: receiverAt(pathToFileURL(file).href), cursor: newCursor() });
    expect(failed).toEqual(['source', 'source']);
    expect(linesOf(file)).toEqual(EVENTS);
  });
});

describe('the state', () => {
  test('is held by one process at a time, and left by one that was killed', () => {
    const path = join(newFolder(), 'state');
    const held = newCursor(path);
    expect(() => newCursor(path)).toThrow(UsageError);
    held.close();
    writeFileSync(`${path}.lock`, '4194305');
    newCursor(path).close();
  });

  test.each([
    ['nonsense', 'half a st'],
    ['of another program', '{"format":"other/1","what":"own x","next":4,"last":null}'],
    ['of another errand', '{"format":"countersign-forward/1","what":"all x","next":4,"last":null}'],
    ['without a place', '{"format":"countersign-forward/1","what":"own x","next":"4","last":null}'],
  ])('%s is refused, not taken for a beginning', (_, text) => {
    const path = join(newFolder(), 'state');
    writeFileSync(path, text);
    expect(() => newCursor(path)).toThrow(UsageError);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

describe('syslog', () => {
  test('each message behind its length; a receiver that went away gets the page again', async () => {
    await using siem = await playSyslog({ cut: (connection) => connection === 2 });
    const receiver = receiverAt(`syslog+tcp://127.0.0.1:${siem.port}`);
    const { failed } = await run({ receiver, cursor: newCursor() });
    expect(failed).toEqual(['receiver']);
    expect(siem.got.map((message) => JSON.parse(message.slice(message.indexOf('{'))))).toEqual(EVENTS);
  });

  test.each([false, true])(
    'a receiver that closes without having been told the end has nothing (TLS: %s)',
    async (tls) => {
      await using siem = await playSyslog({ tls, deaf: true });
      const target = { host: '127.0.0.1', port: siem.port, tls, settle_ms: 60_000 };
      await trusting(() => expect(sendSyslog(target, EVENTS)).rejects.toThrow('closed before it had all'));
    },
  );

  test('over TLS, to a receiver whose certificate is trusted and to no other', async () => {
    await using siem = await playSyslog({ tls: true });
    const receiver = receiverAt(`syslog+tls://127.0.0.1:${siem.port}`);
    await expect(receiver.send(ENTRIES, null)).rejects.toThrow(/SELF_SIGNED/);
    expect(siem.got).toEqual([]);
    await trusting(() => receiver.send(ENTRIES, null));
    expect(siem.got).toHaveLength(ENTRIES.length);
  });
});

describe('over HTTP', () => {
  test.each([
    [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'a redirect'],
    [{ status: 401 }, 'a refusal'],
    [{ status: 500, text: 'x' }, 'a fault'],
  ])('%j is no delivery: %s', async (answer, _) => {
    await using siem = await playHttp(() => answer);
    const sent = receiverAt(`http://127.0.0.1:${siem.port}/?code=${TOKEN}`).send(ENTRIES, null);
    const thrown = await sent.then(
      () => null,
      (error: Error) => error,
    );
    expect(thrown).toBeInstanceOf(Error);
    expect(String(thrown)).not.toContain(TOKEN);
  });
});

describe('a file', () => {
  test('holds whole lines: half a line of one that was killed goes', () => {
    const path = join(newFolder(), 'events');
    writeFileSync(path, '{"a":1}\n{"a":2');
    writeLines(path, ['{"a":2}'], { max_bytes: 1_000, keep: 1 });
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"a":2}\n');
  });

  test('is set aside when it is full, and so many stay', () => {
    const path = join(newFolder(), 'events');
    for (const line of ['one', 'two', 'three', 'four']) writeLines(path, [line], { max_bytes: 5, keep: 2 });
    expect(['', '.1', '.2'].map((end) => readFileSync(`${path}${end}`, 'utf8'))).toEqual([
      'four\n',
      'three\n',
      'two\n',
    ]);
    expect(existsSync(`${path}.3`)).toBe(false);
  });

  test.skipIf(!existsSync('/dev/full'))('that takes nothing is no delivery', () => {
    expect(() => writeLines('/dev/full', ['x'], { max_bytes: 5, keep: 1 })).toThrow(/ENOSPC/);
  });
});
