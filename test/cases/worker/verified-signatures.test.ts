/** What a worker remembers of signatures over several warrants: that a pinned key made them, and nothing else. */
import { sign, verify } from 'node:crypto';
import { rememberSignatures } from '@countersign/worker/verified-signatures';
import { expect, test } from 'vitest';
import { createSigningKey } from './make-warrant.ts';

const [first, second] = [createSigningKey(), createSigningKey()];
const keys = [first.publicKey];

function open() {
  let verifications = 0;
  const verified = rememberSignatures((signed, key, signature) => {
    verifications += 1;
    return verify(null, signed, key, signature);
  });
  return { verified, verifications: () => verifications };
}

function moment(n: number, { privateKey } = first) {
  const signed = Buffer.from(`root ${n}`);
  return { signed, signature: sign(null, signed, privateKey) };
}

test('the warrants of one moment cost one verification', () => {
  const { verified, verifications } = open();
  for (const n of [1, 1, 1, 2, 1, 2]) expect(verified(moment(n), keys)).toBe(true);
  expect(verifications()).toBe(2);
});

test('another root or signature is verified for itself, and a wrong one every time', () => {
  const { verified, verifications } = open();
  const { signed, signature } = moment(1);
  expect(verified({ signed, signature }, keys)).toBe(true);
  for (const wrong of [
    { signed: moment(2).signed, signature },
    { signed, signature: moment(2).signature },
    { signed, signature: moment(1, second).signature },
    { signed: Buffer.concat([signature.subarray(63), signed]), signature: signature.subarray(0, 63) },
  ])
    expect([verified(wrong, keys), verified(wrong, keys)]).toEqual([false, false]);
  expect(verifications()).toBe(9);
  expect(verified({ signed, signature }, keys)).toBe(true);
});

test('a key that is not pinned any more vouches for nothing, however often it did', () => {
  const { verified } = open();
  const both = [first.publicKey, second.publicKey];
  expect([verified(moment(1), both), verified(moment(2, second), both)]).toEqual([true, true]);
  expect([verified(moment(1), keys), verified(moment(2, second), keys)]).toEqual([true, false]);
  expect(verified(moment(1), [second.publicKey])).toBe(false);
});

test('the memory is bounded, and the oldest is verified again', () => {
  const { verified, verifications } = open();
  for (let n = 0; n <= 256; n += 1) verified(moment(n), keys);
  expect(verifications()).toBe(257);
  expect([verified(moment(256), keys), verifications()]).toEqual([true, 257]);
  expect([verified(moment(0), keys), verifications()]).toEqual([true, 258]);
});
