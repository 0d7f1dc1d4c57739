/**
 * A small history as the services record it, sealed into a log: two policies, a job that ran straight through, one that
 * a person countersigned and that was tried twice, one that was denied.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { entryHash, NO_PREVIOUS } from '@countersign/ledger/chain-hash';
import { type NoteSigner, signCheckpoint } from '@countersign/ledger/checkpoint';
import { APPROVAL_DOMAIN, plainDigest } from '@countersign/ledger/digest';
import { appendLeaves, EMPTY_TREE, leafHash, rootOf } from '@countersign/ledger/merkle';
import { type LoggedEntry, type LogTrust, type LogVerdict, LogVerifier } from '@countersign/ledger/verify-log';

type Body = Record<string, unknown>;
export type Step = { chain: string; kind: string; by: string; tenant: string | null; body: Body };

const SNAPSHOT = `sha256:${'1'.repeat(64)}`;
const T0_US = 1_700_000_000_000_000;
const EXPIRES_AT = '2023-11-14T23:13:20.000000Z';

export const LOG = newSigner('log.test');

export type Exported = { entries: readonly LoggedEntry[]; leaves: readonly string[]; note: string | null };

export function newSigner(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const public_key = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  return { name, public_key, sign: (message) => sign(null, message, privateKey) };
}

/** In the order in which they were committed. `terms`: of the approval, otherwise than usual. */
export function history(terms: Body = {}): Step[] {
  const [straight, careful, denied] = [stepsOf('straight'), stepsOf('careful'), stepsOf('denied')];
  const asked = approvalBody('careful', terms);
  const vote = (voter: string): Step =>
    careful('approval_voted', 'approval', {
      approval_id: 'a1',
      vote: 'approve',
      voter,
      stage: 0,
      group: 'sre',
      digest: asked.digest,
    });
  const admitted = { decisions: [decided('submit', 'allow')], effective_digest: 'eff', state: 'cleared' };
  return [
    policy('*', 1, 1),
    policy('acme', 1, 2),
    straight('job_admitted', 'scheduler', admitted),
    ...ran(straight, 1),
    ...screened(straight, 1, 'allow'),
    careful('job_admitted', 'scheduler', {
      ...admitted,
      decisions: [decided('submit', 'require_approval')],
      state: 'held',
    }),
    careful('approval_opened', 'approval', asked),
    vote('ann'),
    vote('bob'),
    careful('approval_granted', 'approval', { approval_id: 'a1' }),
    careful('job_cleared', 'scheduler', { approval_id: 'a1', state: 'cleared' }),
    ...ran(careful, 1, { approval_id: 'a1' }),
    careful('attempt_lost', 'scheduler', { dispatch_id: 'd1', state: 'cleared' }),
    ...ran(careful, 2, { approval_id: 'a1' }),
    ...screened(careful, 2, 'quarantine'),
    denied('job_denied', 'scheduler', {
      decisions: [decided('submit', 'deny')],
      effective_digest: null,
      state: 'denied',
    }),
  ];
}

/** As the column of an entry has it. */
export function topicOf({ topic }: Step['body']): string | null {
  return typeof topic === 'string' ? topic : null;
}

/** Numbered, timed and hashed as `ledger.append` does it, leaf by leaf. */
export function logOf(steps: readonly Step[]): LoggedEntry[] {
  const heads = new Map<string, LoggedEntry>();
  return steps.map(({ chain, kind, by, tenant, body }, leaf_index) => {
    const head = heads.get(chain);
    const made = {
      ...{ chain, kind, tenant, topic: topicOf(body), recorded_by: `countersign_${by}`, leaf_index },
      ...{ seq: (head?.seq ?? 0) + 1, time_us: T0_US + leaf_index, body: canonicalize(body as JsonValue) },
      prev_hash: head?.hash ?? Buffer.from(NO_PREVIOUS).toString('hex'),
    };
    const entry = { ...made, hash: hashOf(made) };
    heads.set(chain, entry);
    return entry;
  });
}

/** As whoever holds the database makes it look right again, from `entries` on. */
export function rechained(entries: readonly LoggedEntry[]): LoggedEntry[] {
  const heads = new Map<string, LoggedEntry>();
  return entries.map((entry, leaf_index) => {
    const head = heads.get(entry.chain);
    const made = { ...entry, leaf_index, seq: (head?.seq ?? 0) + 1, prev_hash: head?.hash ?? '0'.repeat(64) };
    const again = { ...made, hash: hashOf(made) };
    heads.set(entry.chain, again);
    return again;
  });
}

export function hashOf(entry: Omit<LoggedEntry, 'hash'>): string {
  const { seq, time_us, prev_hash } = entry;
  const hashed = { ...entry, seq: BigInt(seq), time_us: BigInt(time_us), prev_hash: Buffer.from(prev_hash, 'hex') };
  return Buffer.from(entryHash(hashed)).toString('hex');
}

export function noteOver(leaves: readonly string[], ...signers: readonly [NoteSigner, ...NoteSigner[]]): string {
  const { tree } = appendLeaves(
    EMPTY_TREE,
    leaves.map((hash) => leafHash(Buffer.from(hash, 'hex'))),
  );
  return signCheckpoint({ size: tree.size, root: rootOf(tree) }, ...signers);
}

export function exportOf(entries: readonly LoggedEntry[]): Exported {
  const leaves = entries.map(({ hash }) => hash);
  return { entries, leaves, note: noteOver(leaves, LOG) };
}

export function verify({ entries, leaves, note }: Exported, trust: Partial<LogTrust> = {}): LogVerdict {
  const verifier = new LogVerifier({
    ...{ log: [LOG], kept: null, witnesses: [], cosignatures: 0, selection: false },
    ...trust,
  });
  verifier.takeLeaves(
    0,
    leaves.map((hash) => Buffer.from(hash, 'hex')),
  );
  for (const entry of entries) verifier.takeEntry(entry);
  return verifier.finish(note);
}

function stepsOf(job_id: string): (kind: string, by: string, body: Body) => Step {
  const said = {
    tenant: 'acme',
    job_id,
    topic: 'job.desk.read',
    actor: 'bot',
    owner: 'olga',
    job_hash: `hash of ${job_id}`,
  };
  return (kind, by, body) => ({ chain: `job:acme:${job_id}`, kind, by, tenant: 'acme', body: { ...said, ...body } });
}

function approvalBody(job_id: string, change: Body): Body {
  const terms = {
    ...{ approval_id: 'a1', tenant: 'acme', job_id, topic: 'job.desk.read', job_hash: `hash of ${job_id}` },
    ...{ effective_digest: 'eff', policy_version: 1, policy_snapshot: SNAPSHOT, policy_epoch: 2, max_attempts: 2 },
    ...{ stages: [{ group: 'sre', count: 2 }], owner: 'olga', on_behalf_of: null, expires_at: EXPIRES_AT },
    ...change,
  };
  return { ...terms, digest: plainDigest(APPROVAL_DOMAIN, canonicalize({ ...terms, requester: 'bot' } as JsonValue)) };
}

function decided(gate: string, decision: string): Body {
  return {
    decision_id: `${gate} ${decision}`,
    gate,
    decision,
    policy_snapshot: SNAPSHOT,
    policy_epoch: 2,
  };
}

function policy(scope: string, version: number, epoch: number): Step {
  return {
    chain: `policy:${scope}`,
    kind: 'policy_activated',
    by: 'policy_kernel',
    tenant: scope === '*' ? null : scope,
    body: { scope, policy_version: version, policy_snapshot: SNAPSHOT, policy_epoch: epoch },
  };
}

function ran(step: ReturnType<typeof stepsOf>, attempt: number, more: Body = {}): Step[] {
  const at = { dispatch_id: `d${attempt}`, pool: 'desk', attempt };
  const approval = { stages: [{ group: 'sre', count: 2 }], expires_ms: 3_600_000 };
  const decision =
    more.approval_id === undefined
      ? decided('dispatch', 'allow')
      : { ...decided('dispatch', 'require_approval'), obligations: { approval } };
  return [
    step('job_dispatched', 'scheduler', { ...at, ...more, decision, effective_digest: 'eff', state: 'dispatched' }),
    step('job_running', 'scheduler', { ...at, worker: 'w1', claim_id: `c${attempt}`, state: 'running' }),
  ];
}

function screened(step: ReturnType<typeof stepsOf>, attempt: number, output_decision: string): Step[] {
  const at = { dispatch_id: `d${attempt}`, pool: 'desk', worker: 'w1', output_digest: 'out', output_decision };
  const end = output_decision === 'quarantine' ? 'quarantined' : 'succeeded';
  return [
    step('output_screened', 'output_safety', { ...at, artifacts: [{ artifact_digest: 'file' }] }),
    step(`job_${end}`, 'scheduler', { ...at, state: end, released: true }),
  ];
}
