/** Results that end together go together under one signature, each with its own answer; what fails as a whole goes one by one. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { UnsignedResult } from '@countersign/contracts/worker';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { askAboutResults, type Reported } from '@countersign/worker/ask-about-results';
import { expect, test } from 'vitest';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
type Request = { subject: string; results: UnsignedResult[]; header: string | undefined };
type Said = { ok: true; value: object } | { ok: false; error: object };

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function reported(n: number, { topic = 'desk', bytes = 100 } = {}): Reported {
  const result: UnsignedResult = {
    dispatch_id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    claim_id: '10000000-0000-4000-8000-000000000000',
    tenant: 'acme',
    job_id: `j${n}`,
    attempt: 1,
    worker: 'one',
    status: 'succeeded',
    retryable: false,
    output: { done: n },
    duration_ms: 1,
  };
  return { result, subject: `job.result.desk.one.acme.${topic}`, text: JSON.stringify(result), bytes, traceparent: '' };
}

function settled({ dispatch_id, claim_id }: Pick<UnsignedResult, 'dispatch_id' | 'claim_id'>) {
  return { dispatch_id, claim_id, outcome: 'settled' as const, code: null };
}

/** `together` answers a request of several; one of one is settled. Nothing is heard whose signature is wrong. */
function open({ together = settleEach, knows_together = true } = {}) {
  const requests: Request[] = [];
  const askRaw = async (subject: string, body: string, { headers }: { headers?: Record<string, string> }) => {
    const { signature, ...said } = JSON.parse(body);
    expect(verify(null, Buffer.from(canonicalize(said)), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    const results: UnsignedResult[] = said.results ?? [said];
    requests.push({ subject, results, header: headers?.['Countersign-Claim'] });
    return said.results ? { answers: await together(results) } : settled(said);
  };
  const asking = askAboutResults({ askRaw: askRaw as never }, privateKey, { knows_together });
  const ask = (...all: Reported[]) => Promise.allSettled(all.map((one) => asking.together(one, 3_000)));
  return { asking, ask, sizes: () => requests.map(({ results }) => results.length), requests };
}

async function settleEach(results: UnsignedResult[]): Promise<Said[]> {
  return results.map((each) => ({ ok: true, value: settled(each) }));
}

function codes(outcomes: PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as CountersignError).code));
}

test('those of one turn and subject share a request, and each hears its own answer; one alone is asked about as ever', async () => {
  const { asking, ask, requests } = open();
  const all = [reported(1), reported(2, { topic: 'other' }), reported(3)];
  expect(codes(await ask(...all))).toEqual(all.map(({ result }) => settled(result)));
  expect(requests.map(({ subject, header, results }) => [subject, header, results.map((each) => each.job_id)])).toEqual(
    [
      [all[0]!.subject, 'together', ['j1', 'j3']],
      [all[1]!.subject, `${all[1]!.result.dispatch_id}/${all[1]!.result.claim_id}`, ['j2']],
    ],
  );
  expect(requests[0]!.results).toEqual([all[0]!.result, all[2]!.result]);
  await ask(reported(4));
  await Promise.all([asking.alone(reported(5), 3_000), asking.alone(reported(6), 3_000)]);
  expect(requests.slice(2).map(({ results }) => results.map((each) => each.job_id))).toEqual([['j4'], ['j5'], ['j6']]);
});

test('no request holds more than a batch, nor more bytes than may be together', async () => {
  const many = open();
  await many.ask(...range(LIMITS.batch_rows + 3).map((n) => reported(n)));
  expect(many.sizes()).toEqual([LIMITS.batch_rows, 3]);
  const large = open();
  const third = Math.floor(LIMITS.together_bytes / 3);
  const sizes = [third, third, third, third, 2 * LIMITS.together_bytes, third];
  await large.ask(...sizes.map((bytes, n) => reported(n, { bytes })));
  expect(large.sizes()).toEqual([3, 1, 1, 1]);
});

test('one that fails or is answered for another fails alone', async () => {
  const together = async (results: UnsignedResult[]): Promise<Said[]> => [
    { ok: false, error: new CountersignError('database_unavailable').toFailure() },
    { ok: true, value: settled(results[2]!) },
    { ok: true, value: { ...settled(results[2]!), outcome: 'refused', code: 'attempt_stale' } },
  ];
  const { ask, sizes } = open({ together });
  const third = reported(3).result;
  expect(codes(await ask(reported(1), reported(2), reported(3)))).toEqual([
    'database_unavailable',
    'output_unavailable',
    { ...settled(third), outcome: 'refused', code: 'attempt_stale' },
  ]);
  expect(sizes()).toEqual([3]);
});

test.each(['bus_unavailable', 'share_exceeded'] as const)(
  '%s is everybody’s, and says nothing of any',
  async (code) => {
    const { ask, sizes } = open({ together: () => Promise.reject(new CountersignError(code)) });
    expect(codes(await ask(reported(1), reported(2)))).toEqual([code, code]);
    expect(sizes()).toEqual([2]);
  },
);

test('an answer for fewer than were asked about is none', async () => {
  const { ask } = open({ together: async (results) => (await settleEach(results)).slice(1) });
  expect(codes(await ask(reported(1), reported(2)))).toEqual(['output_unavailable', 'output_unavailable']);
});

test('what is refused as a whole is asked about one by one at once: for good where nobody knows such a request', async () => {
  for (const [code, later] of [
    ['signature_invalid', [2]],
    ['field_invalid', [1, 1]],
  ] as const) {
    let refuses = true;
    const together = (results: UnsignedResult[]) =>
      refuses ? Promise.reject(new CountersignError(code)) : settleEach(results);
    const { ask, sizes } = open({ together });
    const two = [reported(1), reported(2)];
    expect(codes(await ask(...two))).toEqual(two.map(({ result }) => settled(result)));
    expect(sizes()).toEqual([2, 1, 1]);
    refuses = false;
    await ask(...two);
    expect(sizes().slice(3)).toEqual(later);
  }
  const http = open({ knows_together: false });
  await http.ask(reported(1), reported(2));
  expect(http.sizes()).toEqual([1, 1]);
});

test('a bug is no outage, and everybody hears of it', async () => {
  const { ask } = open({ together: () => Promise.reject(new TypeError('a bug')) });
  const outcomes = await ask(reported(1), reported(2));
  expect(outcomes.every((each) => each.status === 'rejected' && each.reason instanceof TypeError)).toBe(true);
});
