/**
 * Opens, releases and discards quarantined outputs. Each is one transaction under the gate, with its entry: whoever was
 * revoked reviews nothing, and nothing is released under a stop. What is opened is shown to who opened it and to nobody else.
 */
import { stopFor } from '@countersign/contracts/control';
import { CountersignError } from '@countersign/contracts/errors';
import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { OpenedOutput, Quarantined } from '@countersign/contracts/quarantine';
import type { Principal, RpcParsed } from '@countersign/contracts/rpc';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import type { Metrics } from '@countersign/platform/metrics';
import type { Sealer } from '@countersign/platform/seal-content';
import { SCANNER_NAMES } from '@countersign/scanners/finding-types';
import { type ActivePolicies, type ActivePolicy, isStillActive } from '../active-policies.ts';
import { toShown } from '../artifacts/read-artifacts.ts';
import { forgetKeys, readNamed } from '../artifacts/store-artifacts.ts';
import { outputDigest } from '../judge-result.ts';
import type { Screen } from '../screen-apart.ts';
import { judgeOpen, judgeRelease, judgeReviewer, type Reviewed } from './judge-review.ts';
import { toView } from './list-quarantined.ts';
import { removePlaces } from './remove-places.ts';
import {
  eraseSealed,
  insertReview,
  lockOutput,
  type NewReview,
  type QuarantinedRow,
  type ReviewRow,
  readHold,
  readQuarantined,
  readReviews,
  setReviewed,
} from './store-reviews.ts';

type Parts = { database: Database; sealer: Sealer; screen: Screen; policies: ActivePolicies; metrics: Metrics };
type Asked = { tenant: string; job_id: string; reason: string; principal: Principal };
type AskedRelease = RpcParsed<'output.release'>;
type Control = Awaited<ReturnType<typeof refuseRevoked>>;
/** An output under its row's lock, with everything that was done about it. */
type Locked = { row: QuarantinedRow; reviews: readonly ReviewRow[]; reviewed: Reviewed; control: Control };
/** `artifacts`: the files that it is about. */
type Done = Pick<NewReview, 'action' | 'artifacts'> &
  Partial<Pick<NewReview, 'released_digest' | 'redacted' | 'content'>>;

type Reviewing = {
  open(asked: RpcParsed<'output.open'>): Promise<OpenedOutput>;
  release(asked: AskedRelease): Promise<Quarantined>;
  discard(asked: RpcParsed<'output.discard'>): Promise<Quarantined>;
};

/** Each throws `not_found`, `revoked`, `review_not_eligible`, `state_conflict`, `content_erased`; release also `stopped` and `field_invalid`, discard `content_held`. */
export function reviewOutputs(parts: Parts): Reviewing {
  return {
    async open(asked) {
      const { row, ...view } = await review(parts, asked, wholeAs('opened'));
      const output = JSON.parse(openSeal(parts, row));
      return { ...view, output, artifacts: await filesOf(parts.database, row) };
    },
    async release(asked) {
      const { row: _, ...view } = await releaseOutput(parts, asked);
      return view;
    },
    async discard(asked) {
      const { row: _, ...view } = await review(parts, asked, wholeAs('discarded'), refuseHeld);
      return view;
    },
  };
}

function wholeAs(action: 'opened' | 'discarded'): (locked: Locked) => Promise<Done> {
  return async ({ row: { artifacts } }) => ({ action, artifacts });
}

/** Each as it would leave. Throws `content_erased`. */
async function filesOf(database: Database, { dispatch_id, artifacts }: QuarantinedRow) {
  const rows = artifacts.length === 0 ? [] : await readNamed(database, dispatch_id);
  if (rows.some(({ sealed_key }) => sealed_key === null)) throw new CountersignError('content_erased');
  return rows.map(toShown);
}

/** Again, while the policy changes between scanning and commit. */
async function releaseOutput(parts: Parts, asked: AskedRelease): Promise<Quarantined & { row: QuarantinedRow }> {
  const { tenant, job_id, principal } = asked;
  for (let round = 0; round < LIMITS.screenings; round += 1) {
    const row = await readQuarantined(parts.database, tenant, job_id);
    if (row === null) throw new CountersignError('not_found');
    const unlocked = { ...row, reviews: [] };
    judgeReviewer(unlocked, principal.id);
    judgeOpen(unlocked);
    const policy = await parts.policies.of(tenant);
    const content = await contentToRelease(parts, row, policy, asked);
    try {
      return await review(parts, asked, async (locked) => judgeContent(locked, policy, asked, content));
    } catch (thrown) {
      if (!(thrown instanceof CountersignError) || thrown.code !== 'epoch_stale') throw thrown;
      parts.policies.forget(tenant, policy);
    }
  }
  throw new CountersignError('epoch_stale');
}

function judgeContent(locked: Locked, policy: ActivePolicy, asked: AskedRelease, content: string): Done {
  const { row, reviewed, control } = locked;
  if (!isStillActive(policy, control.policies[row.tenant])) throw new CountersignError('epoch_stale');
  if (stopFor(control, { ...row, agent: row.actor }) !== null) throw new CountersignError('stopped');
  const released_digest = outputDigest(row.salt!, Buffer.from(content, 'utf8'));
  // Without a policy nobody has said that one person is enough.
  const reviewers = policy.compiled === null ? 2 : policy.compiled.reviewers;
  const redacted = asked.redact || asked.remove.length > 0;
  // What is taken out of the output may stand in a file as well: with less than the whole of it none leaves.
  const artifacts = redacted ? [] : row.artifacts;
  const release = { digest: asked.digest, released_digest, artifacts };
  const action = judgeRelease(reviewed, asked.principal.id, release, reviewers);
  return { action, released_digest, redacted, artifacts, content: action === 'released' ? content : null };
}

/** What is to leave: the whole, or without what was named and what the scanners find. Throws where that cannot be had. */
async function contentToRelease(
  parts: Parts,
  row: QuarantinedRow,
  { compiled }: ActivePolicy,
  { redact, remove }: AskedRelease,
): Promise<string> {
  const whole = openSeal(parts, row);
  if (!redact && remove.length === 0) return whole;
  const output = removePlaces(JSON.parse(whole), remove);
  const text = canonicalize(output);
  if (!redact) return text;
  if (compiled === null) throw new CountersignError('policy_missing');
  const subject = { output, text, tenant: row.tenant, topic: row.topic, capability: row.capability };
  const { released } = await parts.screen.screen(redactingAll(compiled), subject);
  if (released === null)
    throw new CountersignError('state_conflict', 'it cannot be redacted: remove the places by name, or discard it');
  return released;
}

/** One transaction: judged under the gate and the row's lock, stored, recorded. */
async function review(
  { database, metrics }: Parts,
  asked: Asked,
  judge: (locked: Locked) => Promise<Done>,
  first: (tx: Tx, asked: Asked) => Promise<void> = async () => {},
): Promise<Quarantined & { row: QuarantinedRow }> {
  const { tenant, job_id, principal } = asked;
  const reviewed = await database.transaction(async (tx) => {
    const control = await refuseRevoked(tx, principal, [tenant]);
    await first(tx, asked);
    const found = await readQuarantined(tx, tenant, job_id);
    if (found === null) throw new CountersignError('not_found');
    await lockOutput(tx, found.dispatch_id);
    const locked = await readLocked(tx, found, control);
    judgeReviewer(locked.reviewed, principal.id);
    judgeOpen(locked.reviewed);
    if (locked.row.sealed === null) throw new CountersignError('content_erased');
    const done = await judge(locked);
    await store(tx, locked, asked, done);
    const after = await readLocked(tx, found, control);
    await append(tx, [reviewEntry(locked.row, asked, done)]);
    return { action: done.action, row: locked.row, view: toView(after.row, after.reviews) };
  });
  metrics.count('quarantine_reviews_total', { action: reviewed.action });
  return { ...reviewed.view, row: reviewed.row };
}

async function refuseHeld(tx: Tx, { tenant, job_id }: Asked): Promise<void> {
  const hold_id = await readHold(tx, tenant, job_id);
  if (hold_id !== null) throw new CountersignError('content_held', `the legal hold ${hold_id} keeps it`);
}

async function readLocked(tx: Tx, { tenant, job_id }: QuarantinedRow, control: Control): Promise<Locked> {
  const row = (await readQuarantined(tx, tenant, job_id))!;
  const reviews = await readReviews(tx, [row.dispatch_id]);
  return { row, reviews, reviewed: { ...row, reviews }, control };
}

async function store(tx: Tx, { row, reviews }: Locked, { principal, reason }: Asked, done: Done): Promise<void> {
  const { dispatch_id } = row;
  const { action, artifacts, released_digest = null, redacted = false, content = null } = done;
  const turn = reviews.length + 1;
  if (turn > LIMITS.output_reviews) throw new CountersignError('state_conflict', 'it was looked at too often');
  await insertReview(tx, {
    ...{ dispatch_id, turn, action, reviewer: principal.id, reason, released_digest, redacted, content, artifacts },
  });
  if (action === 'discarded') await eraseSealed(tx, dispatch_id);
  else if (action !== 'opened') await setReviewed(tx, dispatch_id, action);
  if (action === 'discarded' && artifacts.length > 0) await forgetKeys(tx, dispatch_id);
}

/** `actor` is the job's; who looked stands apart. */
function reviewEntry(row: QuarantinedRow, { principal, reason }: Asked, done: Done) {
  const { action, released_digest, redacted, artifacts } = done;
  const { dispatch_id, attempt, output_digest } = row;
  return jobEntry(`quarantine_${action}`, row, {
    dispatch_id,
    attempt,
    output_digest,
    on_behalf_of: row.on_behalf_of,
    reviewer: principal.id,
    reviewer_auth_method: principal.auth_method,
    by_key: principal.key_id,
    reason,
    ...(released_digest !== undefined && { released_digest, redacted }),
    ...(artifacts.length > 0 && { artifacts }),
  });
}

/** Throws `content_erased` where its time was over before anybody had decided. */
function openSeal({ sealer }: Parts, { dispatch_id, sealed, seal_key_id }: QuarantinedRow): string {
  if (sealed === null || seal_key_id === null) throw new CountersignError('content_erased');
  return sealer.open(dispatch_id, sealed, seal_key_id).toString('utf8');
}

/** Whatever any scanner finds is taken out, whichever rules the policy has. */
function redactingAll(policy: NonNullable<ActivePolicy['compiled']>): NonNullable<ActivePolicy['compiled']> {
  const rule = { id: 'review', reason: 'redacted on release', tenants: null, topics: null, capabilities: null };
  return {
    ...policy,
    enabled: true,
    scanners: SCANNER_NAMES,
    rules: [{ ...rule, decision: 'redact', findings: null }],
  };
}
