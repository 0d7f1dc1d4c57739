/** A decision in an entry: nothing is lost by leaving out what the entry says itself, and nothing is made up. */
import { type Decision, decision } from '@countersign/contracts/decision';
import { jobEntry } from '@countersign/contracts/job-entry';
import { readRecordedDecision, recordDecision } from '@countersign/contracts/recorded-decision';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const digests = fc.constantFrom('1', '2', '3').map((n) => `sha256:${n.repeat(64)}`);

function nothingOr<T>(value: T) {
  return fc.constantFrom(null, value);
}
const decisions: fc.Arbitrary<Decision> = fc.record({
  decision_id: fc.uuid(),
  gate: fc.constantFrom('submit' as const, 'dispatch' as const),
  decision: fc.constantFrom('allow' as const, 'deny' as const, 'require_approval' as const),
  rule_id: nothingOr('one'),
  reason: fc.string(),
  matched_rules: fc.constantFrom([], ['one'], ['one', 'two'], ['two']),
  policy_version: fc.nat(),
  policy_snapshot: digests,
  policy_epoch: fc.nat(),
  job_hash: digests,
  effective_digest: fc.option(digests),
  constraints: fc.constantFrom({}, { max_attempts: 2 }),
  obligations: fc.constantFrom<Decision['obligations']>(
    {},
    { approval: { stages: [{ group: 'sre', count: 1 }], expires_ms: 1000 } },
  ),
  remediation: fc.constant(null),
  findings: fc.constant([]),
  asserted: fc.constantFrom([], ['capability']),
  cached: fc.boolean(),
  fail_mode: nothingOr('open' as const),
  decided_at: fc.constant('2026-01-01T00:00:00.000Z'),
});
const said = fc.record({ job_hash: digests, effective_digest: fc.option(digests) });

test('is read back as it was made, whatever the entry says beside it', () => {
  fc.assert(
    fc.property(decisions, said, (made, entry) => {
      const recorded = JSON.parse(JSON.stringify(recordDecision(made, entry)));
      expect(readRecordedDecision(recorded, entry)).toEqual(decision.parse(made));
    }),
  );
});

test('is read as it stands where an entry of before holds it whole', () => {
  fc.assert(
    fc.property(decisions, said, (made, entry) => {
      expect(readRecordedDecision(JSON.parse(JSON.stringify(made)), entry)).toEqual(decision.parse(made));
    }),
  );
});

test.each([[undefined], [null], [7], [{}], [{ rule_id: null }], [{ rule_id: 'one', reason: 7 }]])(
  'is nothing where %j stands in its place',
  (recorded) => {
    expect(readRecordedDecision(recorded, { job_hash: 'sha256:x' })).toBeNull();
  },
);

const JOB = { tenant: 'acme', job_id: 'j', topic: 't', capability: null, actor: 'a', auth_method: 'k', owner: null };

test('in an entry it names another job’s hash, and never its own again', () => {
  const [made] = fc.sample(decisions, { numRuns: 1, seed: 1 });
  const facts = { ...JOB, traceparent: '', job_hash: made!.job_hash };
  expect(jobEntry('job_dispatched', facts, { decision: made! }).body.decision).not.toHaveProperty('job_hash');
  const other = { ...facts, job_hash: 'sha256:another' };
  expect(jobEntry('job_dispatched', other, { decision: made! }).body.decision).toMatchObject({
    job_hash: made!.job_hash,
  });
});
