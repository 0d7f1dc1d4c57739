/**
 * Replays the tenant's evidence and computes every hash again, as often as it is run:
 * `source .dev/env && node examples/support-desk/replay-evidence.ts [first leaf] [topic pattern]`. The auditor's NATS user
 * asks for its own tenant alone.
 */
import { hash } from 'node:crypto';
import { replayPage } from '@countersign/contracts/replay';
import { auditorUser, subjects } from '@countersign/contracts/subjects';
import { entryHash, sameBytes } from '@countersign/ledger/chain-hash';
import { toChainEntry } from '@countersign/ledger/shown-entry';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { z } from 'zod';
import { readEnv } from './read-env.ts';

const env = readEnv(
  z.object({ COUNTERSIGN_NATS_URL: z.string(), COUNTERSIGN_TENANT: z.string(), AUDITOR_NKEY: z.string() }),
  process.env,
);
const [from = '0', topic] = process.argv.slice(2);

const connection = await connect({
  servers: env.COUNTERSIGN_NATS_URL,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(env.AUDITOR_NKEY)),
  inboxPrefix: subjects.inbox(auditorUser(env.COUNTERSIGN_TENANT)),
});

/** `asked` is the SHA-256 of the question as it arrived. */
const asked = z.string();
const answer = z.union([
  z.object({ asked, ok: z.literal(true), value: replayPage }),
  z.object({ asked, ok: z.literal(false), error: z.object({ code: z.string(), detail: z.string() }) }),
]);

async function ask(leaf: number): Promise<z.infer<typeof replayPage>> {
  const question = JSON.stringify({ from: leaf, ...(topic ? { topic } : {}) });
  const reply = await connection.request(subjects.replay(env.COUNTERSIGN_TENANT), question, { timeout: 5_000 });
  const answered = answer.parse(reply.json());
  if (answered.asked !== hash('sha256', question, 'base64url'))
    throw new Error('the answer belongs to another question');
  if (!answered.ok) throw new Error(`${answered.error.code}: ${answered.error.detail}`);
  return answered.value;
}

let [seen, broken] = [0, 0];
for (let leaf = Number(from), end = Number.POSITIVE_INFINITY; leaf < end; ) {
  const page = await ask(leaf);
  for (const entry of page.entries) {
    const sealed = toChainEntry(entry);
    const holds = sameBytes(sealed.hash, entryHash(sealed));
    console.log(
      entry.leaf_index,
      entry.recorded_at,
      entry.kind,
      entry.topic ?? entry.chain,
      holds ? 'holds' : 'BROKEN',
    );
    seen += 1;
    if (!holds) broken += 1;
  }
  [leaf, end] = [page.next, page.end];
}
console.log(`${seen} entries, ${broken} broken`);
await connection.drain();
process.exitCode = broken === 0 ? 0 : 1;
