/**
 * A hung instance is routed around: what may be asked twice is asked again, and the first answer that fits is taken.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Bus } from '@countersign/platform/bus';
import { createMetrics } from '@countersign/platform/metrics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type OpenNats, openNats } from './open-bus.ts';
import { answering, playService } from './play-service.ts';

const JOB = { tenant: 'acme', job_id: 'j1' };
const NOTHING = { ok: true, value: { entries: [] } };
const PRINCIPAL = { id: 'bob', type: 'human' as const, groups: [], owner: null, auth_method: 'api_key', key_id: null };

let nats: OpenNats;
let ingress: Bus;
const metrics = createMetrics('ingress', '', []);
beforeAll(async () => {
  nats = await openNats();
  ingress = await nats.bus('ingress', metrics);
});
afterAll(() => nats[Symbol.asyncDispose]());

function ask(timeout_ms: number) {
  return ingress.call('audit.timeline', JOB, { timeout_ms });
}

describe('a question that may be repeated', () => {
  test('is asked again after silence, word for word and of several at once, and its late answer counts', async () => {
    using service = await playService(nats.peer, 'audit.timeline', (asked, nth) =>
      nth < 3 ? null : answering(asked, NOTHING),
    );
    expect(await ask(20_000)).toEqual(NOTHING.value);
    // Once more where the answer comes late.
    expect(service.asked.length).toBeGreaterThanOrEqual(3);
    expect(new Set(service.asked).size).toBe(1);
    const [, repeats] = /^rpc_repeats_total\{verb="audit.timeline".*\} (\d+)$/m.exec(await metrics.text()) ?? [];
    // A queue group chooses at random for each copy: asked once each time, one of 512 would meet a hung instance for two seconds.
    expect(LIMITS.repeat_copies).toBeGreaterThan(1);
    await expect.poll(() => service.asked.length).toBe(1 + Number(repeats) * LIMITS.repeat_copies);
  });

  test('takes the answer that fits, whichever comes first', async () => {
    using service = await playService(nats.peer, 'audit.timeline', (asked, nth) =>
      nth === 1 ? null : nth === 2 ? '{"ok":true,"value":{"entries":[]}}' : answering(asked, NOTHING),
    );
    expect(await ask(20_000)).toEqual(NOTHING.value);
    expect(service.asked.length).toBeGreaterThanOrEqual(3);
  });

  test('is given up when its caller’s time is over', async () => {
    using service = await playService(nats.peer, 'audit.timeline', () => null);
    expect(await codeOf(ask(800))).toBe('audit_unavailable');
    // At 0, 500 and 700 ms, or later.
    expect(service.asked.length).toBeLessThanOrEqual(1 + 2 * LIMITS.repeat_copies);
  });

  test('reaches the other instance when one never answers: all of many, and none is worked on twice by one', async () => {
    const audits = [await nats.bus('audit'), await nats.bus('audit')];
    const over = Promise.withResolvers<void>();
    const handled = [new Map<string, number>(), new Map<string, number>()];
    for (const [i, audit] of audits.entries()) {
      audit.serve('audit.timeline', async ({ job_id }) => {
        handled[i]!.set(job_id, (handled[i]!.get(job_id) ?? 0) + 1);
        if (i === 0) await over.promise;
        return { entries: [] };
      });
      await audit.connection.flush();
    }
    const ids = Array.from({ length: 200 }, (_, i) => `hung-${i}`);
    const outcomes = await Promise.all(
      ids.map((job_id) => codeOf(ingress.call('audit.timeline', { tenant: 'acme', job_id }, { timeout_ms: 20_000 }))),
    );
    expect(new Set(outcomes)).toEqual(new Set(['none']));
    // The hung one was asked its share, and each question once, however often it came.
    expect(handled[0]!.size).toBeGreaterThan(20);
    expect(handled[1]!.size).toBe(200);
    expect(Math.max(...handled[0]!.values())).toBe(1);
    over.resolve();
    for (const audit of audits) await audit.close();
  });
});

test('a question that acts is asked once, however long the silence', async () => {
  using service = await playService(nats.peer, 'scheduler.cancel', () => null);
  const asked = ingress.call('scheduler.cancel', { ...JOB, principal: PRINCIPAL, reason: '' }, { timeout_ms: 1_200 });
  expect(await codeOf(asked)).toBe('scheduler_unavailable');
  await nats.peer.flush();
  expect(service.asked).toHaveLength(1);
});
