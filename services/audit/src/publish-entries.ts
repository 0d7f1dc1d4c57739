/**
 * Seals what was committed and puts it on the audit stream in leaf order, each entry at least once. The stream is a copy:
 * the cursor moves only past what it has acknowledged, and goes back to where it ends when it has lost something.
 */
import { randomUUID } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import { isToken, isTopic } from '@countersign/contracts/names';
import { subjects } from '@countersign/contracts/subjects';
import type { Database } from '@countersign/platform/database';
import type { JetStream, OrderedMessage } from '@countersign/platform/jetstream-api';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { findMissing, type Place, readAuditStream, readLeaf } from './audit-stream.ts';
import { showEntry } from './show-entry.ts';
import { nextWindow, publishFrom, type StoredEntry, type Window } from './store.ts';

type Parts = {
  jetstream: JetStream;
  database: Database;
  log: Pick<Logger, 'warn' | 'error'>;
  metrics: Pick<Metrics, 'count' | 'set'>;
  /** Hears of each window that is this instance's. */
  onWindow?(window: Window): void;
};

/** `full`: more waits. `worked`: there was something to do. `elsewhere`: another instance publishes. */
type Pass = 'full' | 'worked' | 'idle' | 'elsewhere';

export type Publisher = {
  /** One window: seal, move the cursor, publish. Throws outages; the next pass then looks first where the stream ends. */
  pass(): Promise<Pass>;
  /** The stream may be another one by now. */
  forget(): void;
  /** Looks for what is missing inside the stream and publishes from there again. Answers whether something was missing. */
  fillGaps(): Promise<boolean>;
};

/** From `anchor` on the stream's sequence and the leaves grow together, and everything before it is there. */
type Anchor = Place & { holes: number };

export function createPublisher({ jetstream, database, log, metrics, onWindow }: Parts): Publisher {
  const me = randomUUID();
  /** Where the stream ends; null when it has to be looked at first. */
  let end: { seq: number } | null = null;
  let acked: number | null = null;
  let anchor: Anchor | null = null;

  async function pass(): Promise<Pass> {
    const window = await nextWindow(database, me, acked);
    acked = null;
    if (window.sealed > 0) metrics.count('ledger_sealed_total', {}, window.sealed);
    if (window.mine) metrics.set('ledger_unpublished', {}, window.unpublished);
    if (!window.mine || window.fresh) end = null;
    if (!window.mine) return 'elsewhere';
    onWindow?.(window);
    if (end === null && !(await compare(window))) return 'worked';
    return publish(window, end!);
  }

  async function publish({ entries, next_leaf, sealed }: Window, from: { seq: number }): Promise<Pass> {
    if (entries.length === 0) return sealed > 0 ? 'worked' : 'idle';
    end = null;
    const seq = await jetstream.publishInOrder('AUDIT', from.seq, entries.map(toMessage));
    end = { seq };
    acked = next_leaf + entries.length;
    return entries.length === LIMITS.publish_window ? 'full' : 'worked';
  }

  /** True when the cursor stands where the stream ends; else it was moved there, and the window is not the next one. */
  async function compare({ next_leaf, unpublished }: Window): Promise<boolean> {
    const { last, last_seq } = await readAuditStream(jetstream);
    const holds = last === null ? Math.max(0, next_leaf - LIMITS.rebuild_leaves) : last.leaf + 1;
    if (holds > next_leaf + unpublished) {
      log.error({ holds, sealed: next_leaf + unpublished }, 'the audit stream holds leaves that the ledger does not');
    }
    if (holds === next_leaf || holds > next_leaf + unpublished) {
      end = { seq: last_seq };
      return true;
    }
    if (holds < next_leaf) tellMissing(next_leaf - holds, holds);
    if (await publishFrom(database, me, holds)) end = { seq: last_seq };
    return false;
  }

  function tellMissing(count: number, from: number): void {
    metrics.count('audit_leaves_missing_total', {}, count);
    log.error({ missing: count, from }, 'the audit stream has lost entries; they are published again');
  }

  async function fillGaps(): Promise<boolean> {
    const stream = await readAuditStream(jetstream);
    const { last, first_seq, holes } = stream;
    if (last === null) return false;
    if (await isUnbroken(stream, last)) {
      anchor = { ...last, holes };
      return false;
    }
    const from = anchor?.holes === holes ? Math.max(anchor.seq, first_seq) : first_seq;
    const missing = await findMissing(jetstream, from, last.seq);
    if (missing === null) anchor = { ...last, holes };
    // Where another publishes, it looks for itself; should it be gone before, the next look here finds the same.
    if (missing === null || !(await publishFrom(database, me, missing.first))) return false;
    tellMissing(missing.count, missing.first);
    acked = null;
    anchor = { seq: stream.last_seq, leaf: missing.first - 1, holes };
    end = { seq: stream.last_seq };
    return true;
  }

  async function isUnbroken({ first_seq, holes }: { first_seq: number; holes: number }, last: Place): Promise<boolean> {
    if (anchor !== null) return anchor.holes === holes && last.seq - anchor.seq === last.leaf - anchor.leaf;
    const first = await readLeaf(jetstream, first_seq);
    return first !== null && holes === 0 && last.seq - first_seq === last.leaf - first;
  }

  /** One after the other: a window under way would move the cursor past what was set back meanwhile. */
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = turn.then(act);
    turn = done.catch(() => {
      end = null;
    });
    return done;
  }

  return {
    pass: () => inTurn(pass),
    fillGaps: () => inTurn(fillGaps),
    forget() {
      end = null;
    },
  };
}

/**
 * Never throws: one entry that cannot be published would hold back all after it. What fits no subject goes under `_`, and
 * of a body that was recorded before `entry_bytes` bounded it only the hash is published.
 */
function toMessage(entry: StoredEntry): OrderedMessage {
  const tenant = entry.tenant !== null && isToken(entry.tenant) ? entry.tenant : null;
  const topic = entry.topic !== null && isTopic(entry.topic) ? entry.topic : null;
  const fits = Buffer.byteLength(entry.body) <= LIMITS.entry_bytes;
  return {
    subject: subjects.audit(tenant, isToken(entry.kind) ? entry.kind : '_', topic, entry.chain),
    body: { ...showEntry(entry), ...(fits ? {} : { body: '' }) },
  };
}
