/**
 * Whatever its keys are called, a payload comes out of every schema on its way as it went in: door, gates, worker and
 * people read the same request, and no digest depends on whose copy it was made from.
 */
import { approvalView } from '@countersign/contracts/approval';
import { decideItem, effectiveJob } from '@countersign/contracts/decision';
import { jobRequest, namedRequest } from '@countersign/contracts/job';
import { resultView } from '@countersign/contracts/output';
import { dispatchMessage, workerResult } from '@countersign/contracts/worker';
import { canonicalize, type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';

const HOSTILE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'then',
  '',
  '0',
  'length',
];
const key = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...HOSTILE) }, { weight: 1, arbitrary: fc.string() });
const { object } = fc.letrec<{ value: JsonValue; object: Record<string, JsonValue> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<JsonValue>(null, true, 0, 'x'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
}));

const id = '01890000-0000-7000-8000-000000000000';
const digest = `sha256:${'0'.repeat(64)}`;
const named = { tenant: 'acme', job_id: 'j', topic: 'job.a' };
const effective = { ...named, actor: 'a', capability: null, risk_tags: [], requires: [], labels: {}, constraints: {} };

/** Each with a payload put into it, and how to get it out again. */
const ways: [string, z.ZodType, (payload: JsonValue) => unknown, (read: any) => unknown][] = [
  ['the door', jobRequest, (payload) => ({ topic: 'job.a', payload }), (read) => read.payload],
  ['a named request', namedRequest, (payload) => ({ ...named, payload }), (read) => read.payload],
  [
    'a compensation',
    jobRequest,
    (payload) => ({ topic: 'job.a', compensation: { topic: 'job.b', payload } }),
    (read) => read.compensation.payload,
  ],
  [
    'a question to the kernel',
    decideItem.pick({ request: true }),
    (payload) => ({ request: { ...named, payload } }),
    (read) => read.request.payload,
  ],
  ['what will run', effectiveJob, (payload) => ({ ...effective, payload }), (read) => read.payload],
  [
    "a constraint's patch",
    effectiveJob,
    (payload) => ({ ...effective, constraints: { set: payload } }),
    (read) => read.constraints.set,
  ],
  [
    'a dispatch',
    dispatchMessage,
    (payload) => ({ warrant: 'w', salt: 's', effective: { ...effective, payload } }),
    (read) => read.effective.payload,
  ],
  [
    'what people are shown',
    approvalView.pick({ effective: true }),
    (payload) => ({ effective: { ...effective, payload } }),
    (read) => read.effective.payload,
  ],
  [
    'a result',
    workerResult,
    (output) => ({
      ...{ dispatch_id: id, claim_id: id, tenant: 'acme', job_id: 'j', attempt: 1, worker: 'w', status: 'succeeded' },
      ...{ retryable: false, output, duration_ms: 0, signature: 's' },
    }),
    (read) => read.output,
  ],
  [
    'a released result',
    resultView,
    (output) => ({
      ...{ tenant: 'acme', job_id: 'j', dispatch_id: id, attempt: 1, status: 'succeeded', output_decision: 'allow' },
      ...{ rule_id: null, findings: [], output_digest: digest, output, screened_at: '2026-01-01T00:00:00.000Z' },
    }),
    (read) => read.output,
  ],
];

test.each(ways)('%s keeps every key', (_, schema, put, take) => {
  fc.assert(
    fc.property(object, (payload) => {
      const sent = parseStrict(JSON.stringify(put(payload)));
      if (!sent.ok) return; // U+0000 and the like never get here.
      const read = schema.parse(sent.value);
      expect(canonicalize(take(read))).toBe(canonicalize(take(sent.value)));
    }),
    { examples: [[JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":1}}')]], numRuns: 300 },
  );
});
