/**
 * An answer belongs to its question: what names another, or speaks of another job, is thrown away, counted and an outage.
 */

import type { Bus } from '@countersign/platform/bus';
import { createMetrics } from '@countersign/platform/metrics';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { shownEntry } from '../../harness/shown-entry.ts';
import { type OpenNats, openNats } from './open-bus.ts';
import { type Answer, answering, naming, playService } from './play-service.ts';

const JOB = { tenant: 'acme', job_id: 'j1' };
const ENTRY = shownEntry('acme', 'j1');

function said(chain: string) {
  return { ok: true, value: { entries: [{ ...ENTRY, chain }] } };
}
const OURS = said('job:acme:j1');

let nats: OpenNats;
let ingress: Bus;
let metrics: ReturnType<typeof createMetrics>;
beforeAll(async () => {
  nats = await openNats();
});
beforeEach(async () => {
  metrics = createMetrics('ingress', '', []);
  ingress = await nats.bus('ingress', metrics);
});
afterAll(() => nats[Symbol.asyncDispose]());

function playing(answer: Answer) {
  return playService(nats.peer, 'audit.timeline', answer);
}

function ask(timeout_ms = 20_000) {
  return ingress.call('audit.timeline', JOB, { timeout_ms });
}

async function mismatches(differs: string): Promise<number> {
  const text = await metrics.text();
  const line = new RegExp(`^rpc_mismatches_total\\{verb="audit.timeline",differs="${differs}".* (\\d+)$`, 'm');
  return Number(line.exec(text)?.[1] ?? 0);
}

describe('an answer that names', () => {
  test.each<[string, Answer]>([
    ['another question', (asked) => JSON.stringify({ ...naming(asked), id: 'f'.repeat(32), ...OURS })],
    ['no question', (asked) => JSON.stringify({ asked: naming(asked).asked, ...OURS })],
    [
      'this question with other content',
      (asked) => JSON.stringify({ ...naming(asked), asked: 'A'.repeat(43), ...OURS }),
    ],
    ['this question without its content', (asked) => JSON.stringify({ id: naming(asked).id, ...OURS })],
    [
      'its question with another type',
      (asked) => JSON.stringify({ ...naming(asked), id: [naming(asked).id], ...OURS }),
    ],
    ['nothing, as a failure', () => '{"ok":false,"error":{"code":"not_found","detail":""}}'],
    ['nothing, being empty', () => ''],
    ['nothing, being null', () => 'null'],
    ['nothing, being no JSON', () => new Uint8Array([0xff, 0xfe, 0x00])],
  ])('%s is an outage at once, and counted', async (_, answer) => {
    using __ = await playing(answer);
    expect(await codeOf(ask())).toBe('audit_unavailable');
    expect(await mismatches('question')).toBe(1);
  });

  test('its question and speaks of another job is an outage at once, and counted', async () => {
    using _ = await playing((asked) => answering(asked, said('job:rival:j1')));
    expect(await codeOf(ask())).toBe('audit_unavailable');
    expect(await mismatches('content')).toBe(1);
  });

  test('its question and fails is heard, and nothing is counted', async () => {
    using _ = await playing((asked) => answering(asked, { ok: false, error: { code: 'not_found', detail: 'none' } }));
    expect(await codeOf(ask())).toBe('not_found');
    expect((await mismatches('question')) + (await mismatches('content'))).toBe(0);
  });
});

test('two questions that hear each other’s answers use neither', async () => {
  const waiting: { asked: Uint8Array; respond: (text: string) => void }[] = [];
  const subscription = nats.peer.subscribe('rpc.audit.timeline', {
    callback: (_, message) => {
      waiting.push({ asked: message.data, respond: (text) => void message.respond(text) });
      if (waiting.length < 2) return;
      const [one, other] = waiting;
      one!.respond(answering(other!.asked, OURS));
      other!.respond(answering(one!.asked, OURS));
    },
  });
  await nats.peer.flush();
  expect(await Promise.all([codeOf(ask()), codeOf(ask())])).toEqual(['audit_unavailable', 'audit_unavailable']);
  expect(await mismatches('question')).toBe(2);
  subscription.unsubscribe();
});

test('every request is another, however alike', async () => {
  using service = await playing((asked) => answering(asked, OURS));
  await Promise.all([ask(), ask(), ask()]);
  expect(new Set(service.asked).size).toBe(3);
});
