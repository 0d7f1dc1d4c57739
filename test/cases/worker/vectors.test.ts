/** The published vectors of the worker protocol, read as both ends read the messages, and by the worker in plain JavaScript. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { workerResult } from '@countersign/contracts/worker';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { AGENTS, WORKERS } from '@countersign/platform/read-signature';
import { checkBody, openSigned, type SignedHttp } from '@countersign/platform/signed-http';
import { rememberSignatures } from '@countersign/worker/verified-signatures';
import { verifyWarrant } from '@countersign/worker/verify-warrant';
import { describe, expect, test, vi } from 'vitest';
import { canonical, check } from '../../../examples/workers/worker.mjs';
import { renderWorkerVectors } from '../../reference/render-worker-vectors.ts';

type Case = {
  name: string;
  refused: string | null;
  delivery: { subject: string; dispatch_id: string; message: string };
};
const vectors = JSON.parse(renderWorkerVectors());
const publicKey = (x: string) => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
const worker = publicKey(vectors.keys.worker.public_key);
const scheduler = publicKey(vectors.keys.scheduler.public_key);
const trust = { pool: vectors.pool as string, keys: [scheduler], enforces: [], verified: rememberSignatures() };

test.each(vectors.canonical as { text: string; canonical: string }[])('canonical text of $text', (each) => {
  expect(canonicalize(JSON.parse(each.text))).toBe(each.canonical);
  expect(canonical(JSON.parse(each.text))).toBe(each.canonical);
});

describe('a warrant', () => {
  test.each(vectors.warrants as Case[])('$name', ({ refused, delivery }) => {
    const { subject, message, dispatch_id } = delivery;
    const verified = verifyWarrant({ subject, data: Buffer.from(message), msg_id: dispatch_id }, trust, vectors.now_s);
    expect(verified.ok ? null : verified.code).toBe(refused);
    vi.useFakeTimers({ now: vectors.now_s * 1000, toFake: ['Date'] });
    const { refused: said = null } = check(delivery, { pool: trust.pool, pinned: trust.keys, enforces: [] });
    vi.useRealTimers();
    expect(said).toBe(refused);
  });
});

const PYTHON = `
import json, sys, time
sys.path.insert(0, sys.argv[1])
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from countersign.warrant import check, unbase64
given = json.load(sys.stdin)
time.time = lambda: given["now_s"]
pinned = [Ed25519PublicKey.from_public_bytes(unbase64(given["keys"]["scheduler"]["public_key"]))]
print(json.dumps([check(each["delivery"], given["pool"], pinned, [])[0] for each in given["warrants"]]))`;
const hasPython = spawnSync('python3', ['-c', 'import cryptography']).status === 0;

test.skipIf(!hasPython)('the worker in Python says the same of every warrant', () => {
  const args = ['-c', PYTHON, join(PROJECT_DIR, 'packages/python/src')];
  const said = execFileSync('python3', args, { input: JSON.stringify(vectors), encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual((vectors.warrants as Case[]).map(({ refused }) => refused));
});

test('each side of a hello signs its own text', () => {
  for (const { who, text, signature } of vectors.hello) {
    const key = who === 'worker' ? worker : scheduler;
    expect(verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))).toBe(true);
  }
});

type Sent = { method: string; url: string; body: string; headers: Record<string, string>; signature_base: string };
test.each(vectors.requests as Sent[])('a request to $url', ({ method, url, body, headers, signature_base }) => {
  const { host, pathname, search } = new URL(url);
  const request: SignedHttp = { method, target: pathname + search, host, header: (name) => headers[name] };
  const opened = openSigned(request, WORKERS);
  expect(opened.terms).toMatchObject({ keyid: `worker:${vectors.pool}/${vectors.worker}`, created: vectors.now_s });
  expect(verify(null, Buffer.from(signature_base), worker, opened.signature)).toBe(true);
  expect(() => checkBody(opened, body)).not.toThrow();
  expect(() => checkBody(opened, `${body} `)).toThrow();
  expect(() => openSigned(request, AGENTS)).toThrow();
});

test('a result is signed over everything but its signature', () => {
  const { unsigned, canonical, signed } = vectors.result;
  expect(canonicalize(unsigned)).toBe(canonical);
  const { signature, ...rest } = workerResult.parse(signed);
  expect(rest).toEqual(unsigned);
  expect(verify(null, Buffer.from(canonical), worker, Buffer.from(signature, 'base64url'))).toBe(true);
});
