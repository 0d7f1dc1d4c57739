/** The development agent at the bus's two doors, saying anything: well signed, badly signed, or no request at all. */
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { agentUser, subjects } from '@countersign/contracts/subjects';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import type { TestSystem } from './start-system.ts';

const AGENT = 'desk-agent';

type Value = { nonce: string; status: number; replayed: boolean; job_id: string; job_hash: string; state: string };
/** `asked`: SHA-256 of the request as it arrived. */
type Reply = { asked: string } & ({ ok: true; value: Value } | { ok: false; error: { code: string; at?: string } });

export type AgentOnBus = AsyncDisposable & {
  /** As text, signed for this subject. */
  seal(subject: string, request: JsonValue, more?: { nonce?: string; timestamp?: string }): string;
  /** The envelope around a request's text, whatever that text is, with a signature that fits nothing. */
  wrap(request_text: string): string;
  ask(message: string): Promise<Reply>;
  /** To its tenant's intake; resolves when it is stored. */
  leave(subject: string, message: string): Promise<void>;
};

export async function knockAsAgent(system: TestSystem): Promise<AgentOnBus> {
  const user = agentUser(system.tenant);
  const connection = await connect({
    servers: system.nats.url,
    inboxPrefix: subjects.inbox(user),
    authenticator: nkeyAuthenticator(new TextEncoder().encode(system.keys.nats[user]!.seed)),
  });
  const key = createPrivateKey(system.keys.agent_signing.private_pem);
  return {
    seal(subject, request, { nonce = newNonce(), timestamp = new Date().toISOString() } = {}) {
      const unsigned = { agent: AGENT, nonce, request, timestamp };
      const signature = sign(null, Buffer.from(canonicalize({ ...unsigned, subject })), key).toString('base64url');
      return JSON.stringify({ ...unsigned, signature });
    },
    wrap: (text) =>
      `{"agent":"${AGENT}","nonce":"${newNonce()}","timestamp":"${new Date().toISOString()}","signature":"AAAA","request":${text}}`,
    async ask(message) {
      const reply = await connection.request(subjects.rpcSubmit(system.tenant), message, { timeout: 5_000 });
      return reply.json<Reply>();
    },
    async leave(subject, message) {
      const stored = (await connection.request(subject, message, { timeout: 5_000 })).json<{ error?: unknown }>();
      if (stored.error !== undefined) throw new Error(`the stream did not take it: ${JSON.stringify(stored.error)}`);
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

function newNonce(): string {
  return randomBytes(16).toString('base64url');
}
