/**
 * The second door: the agent signs its request and asks over NATS. The NATS user is the tenant's; who asks is said by
 * the signature alone.
 */
import { createPrivateKey, hash, randomBytes, sign } from 'node:crypto';
import type { Submitted } from '@countersign/client/create-client';
import type { JobRequestInput } from '@countersign/contracts/job';
import { agentUser, subjects } from '@countersign/contracts/subjects';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';

const ANSWER_MS = 5_000;

type BusAgent = {
  servers: string;
  /** Seed of the tenant's NATS user. */
  nkey_seed: string;
  tenant: string;
  agent: string;
  /** PKCS#8 DER, base64url. */
  signing_key: string;
};

type Answer = { asked: string } & (
  | { ok: true; value: Submitted & { status: number; nonce: string } }
  | { ok: false; error: { code: string; detail: string } }
);

/** Throws an Error with the code that was answered, or when nobody answers. */
export async function submitOverNats(as: BusAgent, request: JobRequestInput): Promise<Submitted> {
  const connection = await connect({
    servers: as.servers,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(as.nkey_seed)),
    // The server lets this user hear its own inbox and nothing else.
    inboxPrefix: subjects.inbox(agentUser(as.tenant)),
  });
  try {
    const subject = subjects.rpcSubmit(as.tenant);
    const signed = JSON.stringify(signRequest(as, subject, request));
    const answer = (await connection.request(subject, signed, { timeout: ANSWER_MS })).json<Answer>();
    // The answer names the request by its digest: the answer to another one is none.
    if (answer.asked !== hash('sha256', signed, 'base64url')) throw new Error('the answer belongs to another request');
    return readAnswer(answer);
  } finally {
    await connection.close();
  }
}

/** As the contract of a signed request says: Ed25519 over the canonical JSON, the subject included. */
function signRequest({ agent, signing_key }: BusAgent, subject: string, request: JobRequestInput) {
  const signed = {
    agent,
    nonce: randomBytes(16).toString('base64url'),
    request,
    timestamp: new Date().toISOString(),
  };
  const key = createPrivateKey({ key: Buffer.from(signing_key, 'base64url'), format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.from(canonicalize({ ...signed, subject })), key).toString('base64url');
  return { ...signed, signature };
}

function readAnswer(answer: Answer): Submitted {
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.detail}`);
  const { status, nonce: _, ...value } = answer.value;
  return { ...value, outcome: status === 202 ? 'accepted' : 'denied' } as Submitted;
}
