import { randomBytes, sign } from 'node:crypto';
import type { EffectiveJob } from '@countersign/contracts/decision';
import { subjects } from '@countersign/contracts/subjects';
import type { RefusalCode } from '@countersign/contracts/worker';
import { rememberSignatures } from '@countersign/worker/verified-signatures';
import { type Trust, verifyWarrant } from '@countersign/worker/verify-warrant';
import { compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { createSigningKey, HEADER, JOB, type Made, makeClaims, signClaims } from './make-warrant.ts';

const POOL = 'desk-read';
const scheduler = createSigningKey();
const stranger = createSigningKey();
const trust: Trust = {
  pool: POOL,
  keys: [scheduler.publicKey],
  enforces: ['no_network'],
  verified: rememberSignatures(),
};
const NOW = Math.floor(Date.now() / 1000);

const SUBJECT = subjects.dispatch(POOL, JOB.tenant, JOB.topic);

function deliver(body: unknown, subject = SUBJECT) {
  return { subject, data: Buffer.from(JSON.stringify(body)) };
}

function bodyOf(made: Made, warrant: string) {
  return { warrant, salt: made.salt, effective: made.effective };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

test('a good warrant is accepted, with everything that the job needs', async () => {
  const made = makeClaims(POOL);
  const verified = verifyWarrant(
    deliver(bodyOf(made, await signClaims(made.claims, scheduler.privateKey))),
    trust,
    NOW,
  );
  expect(verified).toMatchObject({ ok: true, effective: JOB, claims: { jti: made.dispatch_id, attempt: 1 } });
});

test('a JOSE library accepts the same warrant', async () => {
  const { claims } = makeClaims(POOL);
  const warrant = await signClaims(claims, scheduler.privateKey);
  const opened = await compactVerify(warrant, scheduler.publicKey, { algorithms: ['EdDSA'] });
  expect(JSON.parse(new TextDecoder().decode(opened.payload))).toEqual(claims);
});

test('a second pinned key is obeyed while keys rotate', async () => {
  const made = makeClaims(POOL);
  const delivery = deliver(bodyOf(made, await signClaims(made.claims, stranger.privateKey)));
  expect(verifyWarrant(delivery, trust, NOW)).toMatchObject({ code: 'warrant_signature' });
  const keys = [scheduler.publicKey, stranger.publicKey];
  expect(verifyWarrant(delivery, { ...trust, keys }, NOW).ok).toBe(true);
});

type Bent = ReturnType<typeof deliver> | Promise<ReturnType<typeof deliver>>;
type Attack = [name: string, code: RefusalCode, bend: (made: Made) => Bent];

function withHeader(header: Record<string, unknown>) {
  return async (made: Made) => deliver(bodyOf(made, await signClaims(made.claims, scheduler.privateKey, header)));
}

/** Signed by the right key, but with a header that jose would not write. */
function withRawHeader(header: string) {
  return (made: Made) => {
    const input = `${Buffer.from(header).toString('base64url')}.${encode(made.claims)}`;
    const signature = sign(null, Buffer.from(input), scheduler.privateKey).toString('base64url');
    return deliver(bodyOf(made, `${input}.${signature}`));
  };
}

function withClaims(change: Record<string, unknown>) {
  return async (made: Made) =>
    deliver(bodyOf(made, await signClaims({ ...made.claims, ...change }, scheduler.privateKey)));
}

function withJob(change: Partial<EffectiveJob>) {
  return async (made: Made) =>
    deliver({
      ...bodyOf(made, await signClaims(made.claims, scheduler.privateKey)),
      effective: { ...made.effective, ...change },
    });
}

function withBody(change: Record<string, unknown>) {
  return async (made: Made) =>
    deliver({ ...bodyOf(made, await signClaims(made.claims, scheduler.privateKey)), ...change });
}

const ATTACKS: Attack[] = [
  [
    'alg none without a signature',
    'warrant_malformed',
    (made) => deliver(bodyOf(made, `${encode({ ...HEADER, alg: 'none' })}.${encode(made.claims)}.`)),
  ],
  ['alg none with a signature', 'warrant_header', withRawHeader(JSON.stringify({ ...HEADER, alg: 'none' }))],
  [
    'HS256 with the public key as secret',
    'warrant_header',
    async (made) =>
      deliver(
        bodyOf(
          made,
          await signClaims(made.claims, Buffer.from(scheduler.public_key, 'base64url'), { ...HEADER, alg: 'HS256' }),
        ),
      ),
  ],
  ['alg Ed25519', 'warrant_header', withHeader({ ...HEADER, alg: 'Ed25519' })],
  ['alg in lower case', 'warrant_header', withRawHeader(JSON.stringify({ ...HEADER, alg: 'eddsa' }))],
  ['no alg', 'warrant_header', withRawHeader(JSON.stringify({ typ: HEADER.typ }))],
  ['another typ', 'warrant_header', withHeader({ ...HEADER, typ: 'JWT' })],
  ['no typ', 'warrant_header', withHeader({ alg: 'EdDSA' })],
  [
    'a jwk header with the key that signed',
    'warrant_header',
    async (made) => {
      const jwk = stranger.publicKey.export({ format: 'jwk' });
      return deliver(bodyOf(made, await signClaims(made.claims, stranger.privateKey, { ...HEADER, jwk })));
    },
  ],
  ['a jku header', 'warrant_header', withHeader({ ...HEADER, jku: 'https://attacker.example/keys' })],
  ['an x5c header', 'warrant_header', withHeader({ ...HEADER, x5c: ['MIIB'] })],
  ['an x5u header', 'warrant_header', withHeader({ ...HEADER, x5u: 'https://attacker.example/cert' })],
  ['a crit header', 'warrant_header', withRawHeader(JSON.stringify({ ...HEADER, crit: ['exp'] }))],
  [
    'two alg keys in one header',
    'warrant_malformed',
    withRawHeader(`{"alg":"none","typ":"${HEADER.typ}","alg":"EdDSA"}`),
  ],
  [
    'a stranger as signer',
    'warrant_signature',
    async (made) => deliver(bodyOf(made, await signClaims(made.claims, stranger.privateKey))),
  ],
  [
    'claims exchanged under a good signature',
    'warrant_signature',
    async (made) => {
      const [header, , signature] = (await signClaims(made.claims, scheduler.privateKey)).split('.');
      return deliver(bodyOf(made, `${header}.${encode({ ...made.claims, attempt: 2 })}.${signature}`));
    },
  ],
  [
    'a signature cut short',
    'warrant_signature',
    async (made) => deliver(bodyOf(made, (await signClaims(made.claims, scheduler.privateKey)).slice(0, -4))),
  ],
  [
    'a fourth part',
    'warrant_malformed',
    async (made) => deliver(bodyOf(made, `${await signClaims(made.claims, scheduler.privateKey)}.x`)),
  ],
  [
    'padding',
    'warrant_malformed',
    async (made) => deliver(bodyOf(made, `${await signClaims(made.claims, scheduler.privateKey)}=`)),
  ],
  [
    'claims that are no JSON',
    'warrant_malformed',
    async (made) => deliver(bodyOf(made, await signClaims('exp', scheduler.privateKey))),
  ],
  ['another issuer', 'warrant_claims', withClaims({ iss: 'somebody' })],
  ['no expiry', 'warrant_claims', withClaims({ exp: undefined })],
  ['an expiry as text', 'warrant_claims', withClaims({ exp: '99999999999' })],
  ['an audience list with this pool in it', 'warrant_claims', withClaims({ aud: [POOL, 'infra-prod-write'] })],
  ['another audience', 'warrant_audience', withClaims({ aud: 'infra-prod-write' })],
  ['expired', 'warrant_time', withClaims({ exp: NOW })],
  ['not yet valid', 'warrant_time', withClaims({ nbf: NOW + 1 })],
  ['another job', 'warrant_subject', withClaims({ sub: 'acme/job-2' })],
  ['another tenant', 'warrant_subject', withJob({ tenant: 'rival' })],
  ['another topic', 'warrant_subject', withJob({ topic: 'job.desk.refund' })],
  [
    'a good message on the subject of another topic',
    'warrant_subject',
    async (made) => ({
      ...(await withBody({})(made)),
      subject: subjects.dispatch(POOL, JOB.tenant, 'job.desk.refund'),
    }),
  ],
  ['an altered payload', 'warrant_effective', withJob({ payload: { customer_id: 8 } })],
  ['an altered prompt', 'warrant_effective', withJob({ prompt: 'drop everything' })],
  ['altered constraints', 'warrant_effective', withJob({ constraints: { timeout_ms: 1 } })],
  ['a label more', 'warrant_effective', withJob({ labels: { ...JOB.labels, more: 'x' } })],
  ['an altered salt', 'warrant_effective', withBody({ salt: randomBytes(16).toString('base64url') })],
  ['a short salt', 'warrant_effective', withBody({ salt: 'AAAA' })],
  ['a payload digest of something else', 'warrant_payload', withClaims({ payload_digest: `sha256:${'0'.repeat(64)}` })],
  [
    'a constraint that nobody here enforces',
    'constraint_unenforced',
    async () => {
      const made = makeClaims(POOL, { ...JOB, constraints: { worker: ['no_network', 'read_only_disk'] } });
      return deliver(bodyOf(made, await signClaims(made.claims, scheduler.privateKey)));
    },
  ],
  ['a field that no dispatch message has', 'message_malformed', withBody({ trust_me: true })],
  ['no JSON', 'message_malformed', () => ({ subject: SUBJECT, data: Buffer.from('nonsense') })],
];

describe('refuses', () => {
  test.each(ATTACKS)('%s', async (_, code, bend) => {
    const verified = verifyWarrant(await bend(makeClaims(POOL)), trust, NOW);
    expect(verified).toMatchObject({ ok: false, code });
  });

  test('every bit of a signature that is flipped', async () => {
    const made = makeClaims(POOL);
    const warrant = await signClaims(made.claims, scheduler.privateKey);
    const [header, claims, text] = warrant.split('.');
    const signature = Buffer.from(text!, 'base64url');
    for (let bit = 0; bit < signature.length * 8; bit += 1) {
      const flipped = Buffer.from(signature);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const delivery = deliver(bodyOf(made, `${header}.${claims}.${flipped.toString('base64url')}`));
      expect(verifyWarrant(delivery, trust, NOW)).toMatchObject({ ok: false, code: 'warrant_signature' });
    }
  });

  test('a warrant for one pool in the hands of another', async () => {
    const made = makeClaims(POOL);
    const body = bodyOf(made, await signClaims(made.claims, scheduler.privateKey));
    const elsewhere = subjects.dispatch('infra-prod-write', JOB.tenant, JOB.topic);
    const verified = verifyWarrant(deliver(body, elsewhere), { ...trust, pool: 'infra-prod-write' }, NOW);
    expect(verified).toMatchObject({ ok: false, code: 'warrant_audience' });
  });
});

test('a refusal names the attempt that the message claims, and none when it claims none', async () => {
  const made = makeClaims(POOL);
  const altered = await withJob({ prompt: 'drop everything' })(made);
  expect(verifyWarrant(altered, trust, NOW)).toMatchObject({ dispatch_id: made.dispatch_id });
  expect(verifyWarrant(deliver({}), trust, NOW)).toMatchObject({ dispatch_id: null });
});

test('a refusal quotes nothing of the content', async () => {
  for (const [, , bend] of ATTACKS) {
    const verified = verifyWarrant(await bend(makeClaims(POOL)), trust, NOW);
    expect(JSON.stringify(verified)).not.toMatch(/customer|drop everything|who is/);
  }
});
