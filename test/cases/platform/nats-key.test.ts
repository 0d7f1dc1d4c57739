import { createNatsKey, isSignedBy, nkeySigner, publicNkeyOf } from '@countersign/platform/nats-key';
import { createUser, fromPublic, fromSeed } from '@nats-io/nkeys';
import { expect, test } from 'vitest';

const text = 'a nonce';
const bytes = new TextEncoder().encode(text);

test('reads and writes keys as NATS’ own library does', () => {
  for (let i = 0; i < 50; i += 1) {
    const theirs = createUser();
    const seed = new TextDecoder().decode(theirs.getSeed());
    expect(publicNkeyOf(seed)).toBe(theirs.getPublicKey());
    expect(isSignedBy(theirs.getPublicKey(), text, theirs.sign(bytes))).toBe(true);
    const ours = createNatsKey(i % 2 === 0 ? 'user' : 'account');
    expect(fromSeed(new TextEncoder().encode(ours.seed)).getPublicKey()).toBe(ours.nkey_public);
    expect(fromPublic(ours.nkey_public).verify(bytes, nkeySigner(ours.seed)(text))).toBe(true);
  }
});

test('takes no other text, key or kind', () => {
  const { seed, nkey_public } = createNatsKey();
  const signature = nkeySigner(seed)(text);
  expect(isSignedBy(nkey_public, text, signature)).toBe(true);
  expect(isSignedBy(nkey_public, 'another', signature)).toBe(false);
  expect(isSignedBy(createNatsKey().nkey_public, text, signature)).toBe(false);
  const account = createNatsKey('account');
  expect(isSignedBy(account.nkey_public, text, nkeySigner(account.seed)(text))).toBe(false);
  const flipped = `${nkey_public.slice(0, -1)}${nkey_public.endsWith('A') ? 'B' : 'A'}`;
  for (const wrong of ['', 'U', flipped, nkey_public.toLowerCase(), `${nkey_public}A`, seed])
    expect(isSignedBy(wrong, text, signature)).toBe(false);
  for (const wrong of ['', nkey_public, `${seed}A`, seed.slice(0, -1)])
    expect(() => publicNkeyOf(wrong)).toThrow(TypeError);
});
