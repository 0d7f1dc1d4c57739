// Replays the tenant's evidence from the audit stream, each entry once over all runs, and computes every hash again:
// `source .dev/env && node examples/support-desk/replay-evidence.ts`. The auditor's NATS user hears its own tenant alone.
import { type LedgerEntry, ledgerEntry } from '@countersign/contracts/ledger-entry';
import { auditorConsumer } from '@countersign/contracts/streams';
import { auditorUser, subjects } from '@countersign/contracts/subjects';
import { entryHash, sameBytes } from '@countersign/ledger/chain-hash';
import { toChainEntry } from '@countersign/ledger/shown-entry';
import { connect, type Msg, nkeyAuthenticator } from '@nats-io/transport-node';
import { z } from 'zod';

const env = z
  .object({ COUNTERSIGN_NATS_URL: z.string(), COUNTERSIGN_TENANT: z.string(), AUDITOR_NKEY: z.string() })
  .parse(process.env);

const inbox = subjects.inbox(auditorUser(env.COUNTERSIGN_TENANT));
const connection = await connect({
  servers: env.COUNTERSIGN_NATS_URL,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(env.AUDITOR_NKEY)),
  inboxPrefix: inbox,
});

/** The durable remembers where the last run stopped. One pull: what is there now, then a status instead of a message. */
const { stream, durable } = auditorConsumer(env.COUNTERSIGN_TENANT);
const replies = connection.subscribe(`${inbox}.replay`);
connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, '{"batch":1000,"no_wait":true}', {
  reply: `${inbox}.replay`,
});

/** At least once: an entry whose leaf was seen is no news. */
const seen = new Set<number>();
let broken = 0;
let unreadable = 0;
for await (const message of replies) {
  if (message.headers?.code) break;
  const entry = readEntry(message);
  if (entry === null) {
    unreadable += 1;
    console.log('-', '-', message.subject, 'is no entry');
    message.respond('+ACK');
    continue;
  }
  const sealed = toChainEntry(entry);
  const holds = sameBytes(sealed.hash, entryHash(sealed));
  if (!holds) broken += 1;
  if (!seen.has(entry.leaf_index!))
    console.log(entry.leaf_index, entry.recorded_at, message.subject, holds ? 'holds' : 'BROKEN');
  seen.add(entry.leaf_index!);
  message.respond('+ACK');
}
console.log(`${seen.size} entries, ${broken} broken, ${unreadable} that are none`);
await connection.drain();
process.exitCode = broken === 0 ? 0 : 1;

/** Null for what is no entry: it must keep nobody from reading what comes after it. */
function readEntry(message: Msg): LedgerEntry | null {
  try {
    const entry = ledgerEntry.safeParse(message.json());
    return entry.success && entry.data.leaf_index !== null ? entry.data : null;
  } catch {
    return null;
  }
}
