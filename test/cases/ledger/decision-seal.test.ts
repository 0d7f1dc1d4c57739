/** The kernel's seal: it holds for exactly what was sealed, under one of the keys, and for nothing that is alike. */
import { createSecretKey } from 'node:crypto';
import { isSealed, type SealedAnswer, sealDecision } from '@countersign/ledger/decision-seal';
import { describe, expect, test } from 'vitest';

const KEY = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);
const SEALED: SealedAnswer = {
  tenant: 'default',
  job_id: 'job-1',
  job_hash: `sha256:${'1'.repeat(64)}`,
  effective_digest: `sha256:${'2'.repeat(64)}`,
  policy_epoch: 12,
  until: '2026-06-01T12:01:00.000Z',
  decisions: '[{"decision":"allow"}]',
  rewritten: '{"topic":"job.a"}',
  effective: '{"topic":"job.a"}',
};

test('holds for what was sealed, and is 43 characters of base64url', () => {
  const seal = sealDecision([KEY], SEALED);
  expect(seal).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(isSealed([KEY], SEALED, seal)).toBe(true);
});

test('is the same whether the key is given as bytes or made once', () => {
  const made = createSecretKey(KEY);
  expect(sealDecision([made], SEALED)).toBe(sealDecision([KEY], SEALED));
  expect(isSealed([createSecretKey(OTHER), made], SEALED, sealDecision([KEY], SEALED))).toBe(true);
  expect(isSealed([createSecretKey(OTHER)], SEALED, sealDecision([KEY], SEALED))).toBe(false);
});

describe('does not hold', () => {
  const seal = sealDecision([KEY], SEALED);

  test.each(Object.keys(SEALED) as (keyof SealedAnswer)[])('when %s is another', (field) => {
    const changed = { ...SEALED, [field]: field === 'policy_epoch' ? 13 : `${SEALED[field]}x` };
    expect(isSealed([KEY], changed, seal)).toBe(false);
  });

  test('when a character moves from one field to the next', () => {
    const moved = { ...SEALED, tenant: 'defaul', job_id: 'tjob-1' };
    expect(isSealed([KEY], moved, seal)).toBe(false);
    const digits = { ...SEALED, policy_epoch: 1, until: `2${SEALED.until}` };
    expect(isSealed([KEY], digits, seal)).toBe(false);
  });

  test('under another key, cut short, made longer, or of nothing', () => {
    expect(isSealed([OTHER], SEALED, seal)).toBe(false);
    for (const forged of [seal.slice(0, 42), `${seal}AA`, '', 'A'.repeat(43)]) {
      expect(isSealed([KEY], SEALED, forged)).toBe(false);
    }
    expect(isSealed([], SEALED, seal)).toBe(false);
  });
});

test('keys change without a gap: the first one seals, all of them verify', () => {
  const before = sealDecision([KEY], SEALED);
  const after = sealDecision([OTHER, KEY], SEALED);
  expect(after).toBe(sealDecision([OTHER], SEALED));
  expect([isSealed([OTHER, KEY], SEALED, before), isSealed([OTHER, KEY], SEALED, after)]).toEqual([true, true]);
  expect(isSealed([OTHER], SEALED, before)).toBe(false);
});
