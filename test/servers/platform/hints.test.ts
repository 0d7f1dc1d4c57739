/** Hints between services, and requests to doors that parse for themselves. */
import { LIMITS } from '@countersign/contracts/limits';
import { HINTS } from '@countersign/contracts/streams';
import { waitUntil } from '@countersign/infra/wait-until';
import type { Bus, Hint } from '@countersign/platform/bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type OpenNats, openNats } from './open-bus.ts';

let nats: OpenNats;
let sender: Bus;
beforeAll(async () => {
  nats = await openNats();
  sender = await nats.bus('scheduler');
});
afterAll(() => nats[Symbol.asyncDispose]());

/** An instance of approval that hears every hint of this family until it is disposed. */
async function hearing(
  subject: string,
  handle: (hints: Hint[]) => Promise<void>,
): Promise<AsyncDisposable & Pick<Bus, 'check'>> {
  const bus = await nats.bus('approval');
  bus.onHints([subject], { batch: 10, handle });
  await bus.check();
  return { check: () => bus.check(), [Symbol.asyncDispose]: () => bus.close() };
}

describe('a hint', () => {
  test('is heard by one instance, in batches, and nonsense is heard as nothing', async () => {
    const heard: Hint[] = [];
    const sizes: number[] = [];
    const handle = async (hints: Hint[]) => {
      heard.push(...hints);
      sizes.push(hints.length);
    };
    await using _one = await hearing('job.held.one.>', handle);
    await using _two = await hearing('job.held.one.>', handle);
    for (let i = 0; i < 50; i += 1) sender.hint('job.held.one.x', { i });
    sender.connection.publish('job.held.one.x', '{"i":');
    await waitUntil('all are heard', () => heard.length === 51);
    const bodies = heard.flatMap(({ body }) => (body === null ? [] : [(body as { i: number }).i]));
    expect(bodies.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  test('whose reader failed costs nothing of the next', async () => {
    const heard: unknown[] = [];
    await using _ = await hearing('job.held.two.>', async ([hint]) => {
      if (heard.push(hint?.body) === 1) throw new Error('not today');
    });
    sender.hint('job.held.two.x', { n: 1 });
    await waitUntil('the first', () => heard.length === 1);
    sender.hint('job.held.two.x', { n: 2 });
    await waitUntil('the second', () => heard.length === 2);
  });

  test('is dropped when too many wait, and the reader goes on', async () => {
    const release = Promise.withResolvers<void>();
    let heard = 0;
    await using reader = await hearing('job.held.three.>', async (hints) => {
      await release.promise;
      heard += hints.length;
    });
    const sent = LIMITS.queued_rows + 1_000;
    for (let i = 0; i < sent; i += 1) sender.hint('job.held.three.x', { i });
    // The server has them all, and then the reader.
    await sender.check();
    await reader.check();
    release.resolve();
    await waitUntil('what waited was heard', () => heard >= LIMITS.queued_rows);
    expect(heard).toBeLessThan(sent);
    sender.hint('job.held.three.x', {});
    const before = heard;
    await waitUntil('the next is heard', () => heard > before);
  });

  test('has a reader that also sweeps, and is no request', () => {
    expect(HINTS.every(({ from, to, swept }) => (from as string) !== to && swept.length > 0)).toBe(true);
  });
});

describe('a raw request', () => {
  test('is heard as it was sent, and its answer comes back as a value or a failure', async () => {
    const door = await nats.bus('output-safety');
    const heard: [string, string | undefined][] = [];
    door.serveRaw('job.result.>', {
      mayAnswer: () => true,
      handle: async ({ data, headers }) => {
        heard.push([Buffer.from(data).toString(), headers.get('Who')]);
        return heard.length;
      },
    });
    await door.check();
    const asked = sender.askRaw('job.result.a.b.c.d', '{"a":1,"a":2}', { timeout_ms: 3_000, headers: { Who: 'me' } });
    expect(await asked).toBe(1);
    expect(heard).toEqual([['{"a":1,"a":2}', 'me']]);
    await door.close();
    expect(await codeOf(sender.askRaw('job.result.a.b.c.d', '{}', { timeout_ms: 3_000 }))).toBe('bus_unavailable');
  });

  test('that a stream acknowledges instead is not answered', async () => {
    const door = nats.peer.subscribe('job.result.>', {
      callback: (_, message) => void message.respond('{"stream":"RESULTS","seq":1}'),
    });
    await nats.peer.flush();
    expect(await codeOf(sender.askRaw('job.result.a.b.c.d', '{}', { timeout_ms: 3_000 }))).toBe('bus_unavailable');
    door.unsubscribe();
  });
});
