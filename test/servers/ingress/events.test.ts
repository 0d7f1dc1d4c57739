import { type LedgerEntry, type ShownEntry, showBody } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shownEntry } from '../../harness/shown-entry.ts';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let job_id: string;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());
beforeEach(async () => {
  job_id = (await ingress.post('/jobs', { topic: 'job.demo.read' })).body.job_id as string;
  ingress.peers.timelines.set(job_id, [entry(1, 'job_admitted'), entry(2, 'job_dispatched')]);
});

function entry(seq: number, kind: string, of = job_id): LedgerEntry {
  return shownEntry(TENANT, of, { seq, kind, body: '{"reason":"for a test"}' });
}

async function publish(...entries: LedgerEntry[]): Promise<void> {
  const audit = ingress.peerBus('audit');
  for (const each of entries)
    await audit.publish('AUDIT', subjects.audit(TENANT, each.kind, each.topic, each.chain), each);
}

/** As the ledger does: what is published can be read. */
async function record(...entries: LedgerEntry[]): Promise<void> {
  ingress.peers.timelines.get(job_id)?.push(...entries);
  await publish(...entries);
}

type Event = { id: string; event: string; entry: ShownEntry };

function parse(frame: string): Event {
  const fields = Object.fromEntries(
    frame.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
  );
  return { id: fields.id!, event: fields.event!, entry: JSON.parse(fields.data!) as ShownEntry };
}

/** Reads until the server ends the stream, or until `enough` events came. */
async function* open(headers: Record<string, string> = {}): AsyncGenerator<Event> {
  const left = new AbortController();
  const response = await fetch(`${ingress.url}/api/v1/jobs/${job_id}/events`, {
    headers: { 'x-api-key': ingress.keys.agent, ...headers },
    signal: left.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  let rest = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + chunk).split('\n\n');
      rest = frames.pop()!;
      yield* frames.filter((frame) => frame.startsWith('id:')).map(parse);
    }
  } finally {
    left.abort();
  }
}

async function take(events: AsyncGenerator<Event>, count: number): Promise<Event[]> {
  const taken: Event[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

async function openStreams(): Promise<number> {
  const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
  return Number(/event_streams\{[^}]*\} (\d+)/.exec(text)?.[1]);
}

describe('the event stream of a job', () => {
  test('begins with the timeline, goes on with the evidence stream, ends after the terminal entry', async () => {
    const events = open();
    expect(await take(events, 2)).toMatchObject([
      { id: '1', event: 'job_admitted', entry: { chain: `job:${TENANT}:${job_id}` } },
      { id: '2', event: 'job_dispatched' },
    ]);
    await record(entry(3, 'job_running'), entry(4, 'job_succeeded'));
    expect((await take(events, 9)).map(({ event }) => event)).toEqual(['job_running', 'job_succeeded']);
    await expect.poll(openStreams).toBe(0);
  });

  test("shows each entry once, though the evidence stream repeats, and nothing of another's", async () => {
    const events = open();
    await take(events, 2);
    await publish(entry(2, 'job_dispatched'), entry(3, 'job_succeeded', 'another-job'));
    await record(entry(3, 'job_running'));
    await publish(entry(3, 'job_running'), entry(1, 'job_admitted'));
    await record(entry(4, 'job_failed'));
    expect((await take(events, 9)).map(({ id }) => id)).toEqual(['3', '4']);
  });

  test('closes a gap from the timeline, in order', async () => {
    const events = open();
    await take(events, 2);
    ingress.peers.timelines.get(job_id)?.push(entry(3, 'job_running'), entry(4, 'output_screened'));
    await record(entry(5, 'job_succeeded'));
    expect((await take(events, 9)).map(({ id }) => id)).toEqual(['3', '4', '5']);
  });

  test('passes over what is no entry, counts it, and goes on', async () => {
    const unreadable = async (): Promise<number> => {
      const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
      return Number(/messages_unreadable_total\{subject="audit"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    const before = await unreadable();
    const events = open();
    await take(events, 2);
    const subject = subjects.audit(TENANT, 'job_running', 'job.demo.read', 'any');
    for (const junk of ['', '{', 'null', '[]', '{"stream":"INTAKE_acme","seq":1}'])
      ingress.peerBus('audit').connection.publish(subject, junk);
    await record(entry(3, 'job_succeeded'));
    expect((await take(events, 9)).map(({ id }) => id)).toEqual(['3']);
    expect(await unreadable()).toBe(before + 5);
  });

  test('resumes after the entry that its reader saw last', async () => {
    ingress.peers.timelines.get(job_id)?.push(entry(3, 'job_succeeded'));
    const resumed = await take(open({ 'last-event-id': '1' }), 9);
    expect(resumed.map(({ id }) => id)).toEqual(['2', '3']);
  });

  test('answers 204 to who has seen the last entry of a job that has ended, so that it does not come again', async () => {
    ingress.peers.timelines.get(job_id)?.push(entry(3, 'job_succeeded'));
    for (const id of ['3', '4']) {
      const headers = { 'last-event-id': id };
      const reply = await ingress.get(`/jobs/${job_id}/events`, { headers });
      expect(reply).toMatchObject({ status: 204, body: { text: '' } });
    }
    await expect.poll(openStreams).toBe(0);
  });

  test('shows JSON all the way down, and only what is sealed, with its place in the log', async () => {
    const unsealed = { ...entry(3, 'job_running'), leaf_index: null };
    ingress.peers.timelines.get(job_id)?.push(unsealed);
    const events = open();
    const [first, second] = await take(events, 2);
    expect(first!.entry).toEqual(showBody(entry(1, 'job_admitted')));
    expect(second!.entry).toMatchObject({ body: { reason: 'for a test' }, leaf_index: 2 });
    ingress.peers.timelines.get(job_id)?.splice(2, 1, entry(3, 'job_running'));
    await record(entry(4, 'job_succeeded'));
    expect((await take(events, 9)).map(({ entry }) => entry.leaf_index)).toEqual([3, 4]);
  });

  test('leaves nothing open when its reader goes away, nor for a HEAD', async () => {
    const events = open();
    await take(events, 1);
    expect(await openStreams()).toBe(1);
    await events.return(undefined);
    await expect.poll(openStreams).toBe(0);
    expect((await ingress.get(`/jobs/${job_id}/events`, { method: 'HEAD' })).status).toBe(200);
    await expect.poll(openStreams).toBe(0);
  });

  test('is refused beyond the share of its key, and others still find room', async () => {
    const many: AsyncGenerator<Event>[] = [];
    while (many.length <= LIMITS.sse_clients) {
      const opened = Array.from({ length: 20 }, () => open());
      many.push(...opened);
      const outcomes = await Promise.allSettled(opened.map((each) => take(each, 1)));
      if (outcomes.some(({ status }) => status === 'rejected')) break;
    }
    expect(await openStreams()).toBeLessThan(LIMITS.sse_clients / 2);
    const refused = await ingress.get(`/jobs/${job_id}/events`);
    expect(refused).toMatchObject({ status: 429, body: { code: 'share_exceeded' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    const other = open({ 'x-api-key': ingress.keys.auditor });
    expect(await take(other, 1)).toHaveLength(1);
    await Promise.all([...many, other].map((each) => each.return(undefined)));
    await expect.poll(openStreams).toBe(0);
  });
});
