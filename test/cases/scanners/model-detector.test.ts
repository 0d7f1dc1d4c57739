/**
 * A model behind HTTP, at both gates: what it answers counts, what it gets wrong or never says fails as its settings say, and
 * no decision that hangs on it is used again.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finalDecision } from '@countersign/contracts/decision';
import type { DetectorQuestion } from '@countersign/contracts/detector';
import { openScreen } from '@countersign/output-safety/screen-apart';
import type { Metrics } from '@countersign/platform/metrics';
import { type ModelCalls, type ModelSettings, modelSetting, openModelCalls } from '@countersign/platform/model-calls';
import { lintPolicy } from '@countersign/policy-author/lint-policy';
import { decideUnder } from '@countersign/policy-kernel/decide-under';
import { explainUnder } from '@countersign/policy-kernel/explain-under';
import { openScans } from '@countersign/policy-kernel/scan-apart';
import { openSealer } from '@countersign/policy-kernel/seal-answer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerOf, compiled, faultCodes, itemOf, NOW } from '../policy/ask-policy.ts';

const POLICY = `
rules: [{ id: yes, match: {}, decision: allow }]
input_rules: [{ id: no-orders, match: { types: [model-orders], min_severity: high }, decision: deny }]
output_policy: { rules: [{ id: hide, match: { types: [model-orders] }, decision: redact }] }
`;
const MODELS = { 'scanners.yaml': 'models: [{ name: orders, severities: { medium: 0.5, high: 0.8 } }]' };
const policy = compiled(POLICY, MODELS);
const asked = { policy, epoch: 1, ends_at: null };
const LATER = '2027-06-01T00:00:00.000000Z';

let counted: string[] = [];
const metrics = {
  count: (name: string, labels: object) => void counted.push(`${name} ${JSON.stringify(labels)}`),
} as unknown as Metrics;

/** Finds `rude` with the score that follows it: no id, in hex, holds it by chance. */
function finds({ texts, types }: DetectorQuestion) {
  return {
    findings: texts.flatMap((text, i) =>
      [...text.matchAll(/rude(\d\d)/g)].map(({ index, 0: { length }, 1: score }) => ({
        text: i,
        start: index,
        end: index + length,
        type: types[0],
        score: Number(score) / 100,
      })),
    ),
  };
}

function span(over: object) {
  return {
    findings: [{ text: 0, start: 0, end: 3, type: 'model-orders', score: 0.9, ...over }],
  };
}
let answer: (question: DetectorQuestion) => unknown = finds;
let behave: RequestListener | null = null;
let heard: { token: string | undefined; body: DetectorQuestion }[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (behave !== null) return behave(request, response);
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      const body = JSON.parse(text);
      heard.push({ token: request.headers.authorization, body });
      response.end(JSON.stringify(answer(body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/detect`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [counted, heard, answer, behave] = [[], [], finds, null];
});

/** Patient, so that a busy machine is no fault. */
function settingsOf({
  deadline_ms = 30_000,
  ...over
}: {
  deadline_ms?: number;
  concurrency?: number;
} = {}): ModelSettings {
  return {
    ...modelSetting.parse(JSON.stringify({ url, token: 'secret-token', ...over }))!,
    deadline_ms,
  };
}
/** One pair of gates for all, each with the model that it is given. */
let models = openModelCalls(metrics, undefined);
const current: ModelCalls = {
  get fail_mode() {
    return models.fail_mode;
  },
  get deterministic() {
    return models.deterministic;
  },
  call: (gate, ask) => models.call(gate, ask),
};
const scans = openScans(metrics, current, undefined, 30_000);
const screen = openScreen(metrics, current, undefined, 30_000);
afterAll(() => Promise.all([scans.stop(), screen.stop()]));

function setModel(over: object | null = {}): void {
  models = openModelCalls(metrics, over === null ? undefined : settingsOf(over));
}
const sealer = openSealer({ keys: [Buffer.alloc(32, 1)], lifetime_ms: 60_000 });

async function atDoor(prompt: string, over: object | null = {}) {
  setModel(over);
  const item = itemOf({ topic: 'job.a', prompt });
  const outcome = answerOf(
    await scans.decide('submit', (apart) => decideUnder(asked, item, { now: NOW, scans: apart })),
  );
  const explained = await scans.decide('submit', (apart) => explainUnder(asked, item, { now: NOW, scans: apart }));
  const { reusable } = sealer.seal(outcome, NOW, LATER);
  return { ...finalDecision(outcome.answer), reusable, cacheable: outcome.cacheable, text: explained.text };
}

async function atRelease(output: unknown, over: object | null = {}) {
  setModel(over);
  const text = JSON.stringify(output);
  const screened = await screen.screen(policy.output, {
    output,
    text,
    tenant: 'acme',
    topic: 'job.a',
    capability: null,
  });
  return screened;
}

describe('what a model says', () => {
  it('decides by type, severity and confidence of its score, and is sent texts alone', async () => {
    const decided = await atDoor('this is rude85');
    expect(decided).toMatchObject({ decision: 'deny', rule_id: 'no-orders', model: 'answered' });
    expect(decided.findings).toEqual([
      {
        scanner: 'prompt_injection',
        type: 'model-orders',
        place: '/prompt',
        count: 1,
        severity: 'high',
        confidence: 'likely',
        why: 'model',
      },
    ]);
    expect(heard[0]).toEqual({
      token: 'Bearer secret-token',
      body: { texts: ['prompt', 'this is rude85'], types: ['model-orders'] },
    });
    expect(await atDoor('this is rude60')).toMatchObject({ decision: 'allow', findings: [{ severity: 'medium' }] });
    expect(await atDoor('this is rude40')).toMatchObject({ decision: 'allow', findings: [] });
  });

  it('is never used again, unless it always says the same', async () => {
    expect(await atDoor('fine')).toMatchObject({
      reusable: null,
      cacheable: false,
      reads_now: true,
      model: 'answered',
    });
    const always = await atDoor('fine', { deterministic: true });
    expect(always).toMatchObject({ cacheable: true, model: 'answered', reusable: { seal: expect.any(String) } });
    expect(always.reads_now).toBeUndefined();
  });

  it('is told of by an explanation', async () => {
    expect((await atDoor('fine')).text).toContain('A model was asked about the content: it answered.');
  });

  it('takes its spans out of an output, beside what the scanners take out', async () => {
    const output = { note: 'say rude90 or rude55', list: [1, '', 'rude70'] };
    expect(await atRelease(output)).toMatchObject({
      decision: 'redact',
      rule_id: 'hide',
      fail_mode: null,
      released: '{"list":[1,"","[redacted:model]"],"note":"say [redacted:model] or [redacted:model]"}',
    });
    expect(await atRelease({ note: 'fine' })).toMatchObject({ decision: 'allow' });
  });

  it('counts for a large content too', async () => {
    const filler = 'words and words '.repeat(5_000);
    expect(await atDoor(`${filler}rude85`, { max_chars: 200_000 })).toMatchObject({ decision: 'deny' });
    const released = await atRelease([`${filler}rude85`], { max_chars: 200_000 });
    expect(released.released?.endsWith('words [redacted:model]"]')).toBe(true);
  });
});

/** What goes wrong, the fault it counts as, and how the server behaves then. */
const WRONG: [string, string, { behave?: RequestListener; answer?: () => unknown; over?: object | null }][] = [
  ['hangs', 'deadline', { behave: () => undefined, over: { deadline_ms: 100 } }],
  ['never ends its answer', 'deadline', { behave: (_, out) => void out.write('{"find'), over: { deadline_ms: 100 } }],
  ['hangs up', 'error', { behave: (request) => void request.socket.destroy() }],
  ['answers with an error', 'error', { behave: (_, out) => void out.writeHead(500).end('{"findings":[]}') }],
  ['sends content elsewhere', 'error', { behave: (_, out) => void out.writeHead(307, { Location: '/other' }).end() }],
  ['answers no JSON', 'error', { behave: (_, out) => void out.end('fine') }],
  ['answers without end', 'error', { behave: (_, out) => void out.end('x'.repeat(300_000)) }],
  ['answers something else', 'invalid', { answer: () => ({ verdict: 'fine' }) }],
  ['answers a field too many', 'invalid', { answer: () => ({ findings: [], note: 'x' }) }],
  ['ends a span beyond its text', 'invalid', { answer: () => span({ end: 99 }) }],
  ['begins a span before its text', 'invalid', { answer: () => span({ start: -1 }) }],
  ['answers an empty span', 'invalid', { answer: () => span({ start: 3 }) }],
  ['names a text that was not sent', 'invalid', { answer: () => span({ text: 9 }) }],
  ['names a type that was not asked for', 'invalid', { answer: () => span({ type: 'model-other' }) }],
  ['names a type of the scanners', 'invalid', { answer: () => span({ type: 'iban' }) }],
  ['scores beyond 1', 'invalid', { answer: () => span({ score: 2 }) }],
  ['would be sent too much', 'too_large', { over: { max_chars: 5 } }],
  ['is down', 'error', { over: { url: 'http://127.0.0.1:1/' } }],
  ['is not there', 'missing', { over: null }],
];

function givenOf({ behave: behaves, answer: answers, over }: (typeof WRONG)[number][2]): object | null {
  behave = behaves ?? null;
  answer = answers ?? finds;
  return over === undefined ? {} : over;
}

describe('a model fails closed, and says so, when it', () => {
  it.each(WRONG)('%s', async (_, fault, wrong) => {
    const over = givenOf(wrong);
    const door = await atDoor('rude85 content', over);
    const release = await atRelease(['rude85 content'], over);
    expect(door).toMatchObject({ decision: 'deny', model: 'failed_closed', findings: [], reusable: null });
    expect(door.text).toContain('it gave no answer, so findings are not known');
    expect(release).toMatchObject({ decision: 'quarantine', findings: [], released: null });
    expect(counted).toContain(`model_calls_total {"gate":"submit","outcome":"${fault}"}`);
    expect(counted).toContain(`model_calls_total {"gate":"output","outcome":"${fault}"}`);
    expect(JSON.stringify([door, release, counted])).not.toContain('rude85');
  });
});

describe('a model whose fail mode is open lets the rest decide, and leaves that as evidence, when it', () => {
  it.each(WRONG.filter(([, fault]) => fault !== 'missing'))('%s', async (_, __, wrong) => {
    const over = { ...givenOf(wrong), fail_mode: 'open' };
    const door = await atDoor('rude85 content', over);
    const release = await atRelease(['rude85 content'], over);
    expect(door).toMatchObject({ decision: 'allow', model: 'failed_open', reusable: null, cacheable: false });
    expect(release).toMatchObject({ decision: 'allow', fail_mode: 'open', released: '["rude85 content"]' });
  });
});

it('asks so many at once and no more, even of a model that does not heed its deadline', async () => {
  const settings = settingsOf({ concurrency: 2, deadline_ms: 50 });
  const never = Promise.withResolvers<never>();
  const calls = openModelCalls(metrics, settings, { detect: () => never.promise });
  const ask = () =>
    calls.call<never>(
      'submit',
      async (detector, _, signal) => detector.detect({ texts: [], types: [] }, signal) as never,
    );
  expect(await Promise.all([ask(), ask(), ask()])).toMatchObject([
    { fault: 'deadline' },
    { fault: 'deadline' },
    { fault: 'busy' },
  ]);
  expect(await ask()).toMatchObject({ fault: 'busy' });
});

describe('a policy', () => {
  it('may only name models that it declares, each once', () => {
    expect(faultCodes(POLICY)).toEqual(['type_unknown', 'type_unknown']);
    expect(faultCodes(POLICY, { 'scanners.yaml': 'models: [{ name: orders }, { name: orders }]' })).toEqual([
      'id_duplicate',
    ]);
    expect(faultCodes(POLICY, { 'scanners.yaml': 'models: [{ name: orders, severities: {} }]' })).toContain(
      'field_invalid',
    );
    expect(faultCodes(POLICY, { 'scanners.yaml': 'models: [{ name: orders, url: "http://x" }]' })).toContain(
      'field_unknown',
    );
    const tooHigh = POLICY.replace('min_severity: high', 'min_severity: critical');
    expect(faultCodes(tooHigh, MODELS)).toEqual(['match_empty']);
  });

  it('is told of a model that no rule looks at', () => {
    const idle = 'version: 1\noutput_policy: { rules: [] }';
    expect(lintPolicy(compiled(idle, MODELS)).map(({ code }) => code)).toContain('own_rule_unused');
  });

  it('that looks at no finding has nothing sent', async () => {
    const blind = compiled('rules: [{ id: yes, match: {}, decision: allow }]\noutput_policy: { rules: [] }', MODELS);
    setModel();
    const item = itemOf({ topic: 'job.a', prompt: 'rude90' });
    await scans.decide('submit', (apart) => decideUnder({ ...asked, policy: blind }, item, { now: NOW, scans: apart }));
    expect(heard).toEqual([]);
  });

  it('is replayed and shadowed without sending anything', async () => {
    setModel();
    const item = itemOf({ topic: 'job.a', prompt: 'rude90' });
    const decide = (apart: Parameters<Parameters<typeof scans.decide>[1]>[0]) =>
      decideUnder(asked, item, { now: NOW, scans: apart });
    expect(answerOf(await scans.decide('submit', decide, false)).answer.decisions).toMatchObject([
      { decision: 'allow' },
    ]);
    expect(heard).toEqual([]);
  });
});

it.each(['', '{', '{}', '{"url":"ftp://x"}', '{"url":"http://x","deadline_ms":60000}', '{"url":"http://x","extra":1}'])(
  'a setting %j is refused',
  (text) => {
    expect(modelSetting.safeParse(text).success).toBe(false);
  },
);
