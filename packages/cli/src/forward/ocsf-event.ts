/**
 * An entry of the ledger as an OCSF event: class API Activity (6003) of version 1.9.0, with the profiles `ai_operation`,
 * `record_integrity`, `security_control` and `trace`. Only what stands here is taken from an entry, so that a field that is added
 * to entries one day does not leave by itself. Pure.
 */
import { hash } from 'node:crypto';
import type { Decision } from '@countersign/contracts/decision';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { decisionsIn, findingsIn, tellEntry, textIn } from '../tell-entry.ts';
import type { LastSent } from './forward-cursor.ts';
import { activityIdOf, type KindMeaning, meaningOf, severityIdOf } from './ocsf-kinds.ts';

export const OCSF_VERSION = '1.9.0';
/** So many at most; an output with more says how many there are. */
const FINDINGS = 50;
const CLASS = 6003;
/** Of `action_id` and `disposition_id` in the profile security_control. */
const OUTCOMES = {
  allow: { action_id: 1, disposition_id: 1 },
  allow_with_constraints: { action_id: 1, disposition_id: 1 },
  require_approval: { action_id: 1, disposition_id: 14 },
  remediate: { action_id: 1, disposition_id: 11 },
  deny: { action_id: 2, disposition_id: 2 },
  granted: { action_id: 1, disposition_id: 8 },
  refused: { action_id: 2, disposition_id: 25 },
  redact: { action_id: 1, disposition_id: 11 },
  quarantine: { action_id: 2, disposition_id: 3 },
} as const;
type Outcome = (typeof OUTCOMES)[keyof typeof OUTCOMES];
const DISPOSITIONS: Readonly<Record<number, string>> = {
  ...{ 1: 'Allowed', 2: 'Blocked', 3: 'Quarantined', 8: 'Approved', 11: 'Corrected', 14: 'Delayed', 25: 'Rejected' },
};
/** What of an entry's body goes along under `unmapped`, by name: ids and numbers, never free text. */
const KEPT = [
  ...['job_id', 'capability', 'job_hash', 'state', 'attempt', 'dispatch_id', 'pool', 'worker', 'approval_id', 'code'],
  ...['output_decision', 'output_digest', 'status', 'auth_method', 'effective_digest', 'switch_id', 'scope'],
];

export type OcsfEvent = Readonly<Record<string, unknown>> & {
  metadata: { uid: string; event_code: string; original_time: string };
  severity_id: number;
  type_uid: number;
  attestation: { chain_uid: string; fingerprint: { value: string } };
};

/** One event for each entry, each chained to the one before it. `last`: the one that was sent before them. */
export function ocsfEvents(entries: readonly ShownEntry[], last: LastSent): { events: OcsfEvent[]; last: LastSent } {
  const events: OcsfEvent[] = [];
  for (const entry of entries) {
    const event = ocsfEvent(entry, last);
    events.push(event);
    const { chain_uid, fingerprint } = event.attestation;
    last = { chain_uid, uid: event.metadata.uid, type_uid: event.type_uid, fingerprint: fingerprint.value };
  }
  return { events, last };
}

export function ocsfEvent(entry: ShownEntry, last: LastSent): OcsfEvent {
  const meaning = meaningOf(entry.kind);
  const [activity, activity_id] = [meaning.activity, activityIdOf(meaning)];
  const event = {
    ...{ category_uid: 6, category_name: 'Application Activity', class_uid: CLASS, class_name: 'API Activity' },
    ...{ activity_id, activity_name: activity },
    ...{ type_uid: CLASS * 100 + activity_id, type_name: `API Activity: ${activity}` },
    time: Date.parse(entry.recorded_at),
    ...severityOf(entry, meaning),
    ...statusOf(entry, meaning),
    message: tellEntry(withoutReason(entry)),
    metadata: metadataOf(entry),
    actor: { user: { uid: actorOf(entry), type_id: isAgents(entry) ? 4 : 0 }, app_name: entry.recorded_by },
    // No address of a network is evidence: where it came from is who asked.
    src_endpoint: { name: actorOf(entry) },
    api: { operation: entry.kind, service: { name: entry.recorded_by }, ...requestOf(entry) },
    ...resourcesOf(entry),
    ...(isAgents(entry) && { ai_agent: { uid: actorOf(entry), name: actorOf(entry), type_id: 0 } }),
    ...outcomeOf(entry),
    ...traceOf(entry),
    unmapped: unmappedOf(entry),
    attestation: chainedTo(last, entry.hash),
  };
  return attested(event);
}

/** SHA-256 of the event's canonical JSON (RFC 8785) without the fingerprint itself, as the profile has it. */
export function fingerprintOf({ attestation, ...event }: Readonly<Record<string, unknown>>): string {
  const { fingerprint: _, signatures: __, ...chained } = attestation as Record<string, unknown>;
  return hash('sha256', canonicalize({ ...event, attestation: chained } as JsonValue), 'hex');
}

function attested(event: Readonly<Record<string, unknown>> & { attestation: object }): OcsfEvent {
  const fingerprint = { algorithm_id: 3, algorithm: 'SHA-256', value: fingerprintOf(event) };
  return { ...event, attestation: { ...event.attestation, fingerprint } } as unknown as OcsfEvent;
}

/** A chain is named for its first event. */
function chainedTo(last: LastSent, uid: string): object {
  if (last === null) return { chain_uid: uid };
  const fingerprint = { algorithm_id: 3, algorithm: 'SHA-256', value: last.fingerprint };
  const { chain_uid, uid: before, type_uid } = last;
  return { chain_uid, prev_event: { uid: before, type_uid, fingerprint } };
}

function metadataOf({ hash: uid, leaf_index, kind, chain, recorded_at, body }: ShownEntry): object {
  const job_id = typeof body.job_id === 'string' ? { correlation_uid: body.job_id } : {};
  return {
    version: OCSF_VERSION,
    profiles: ['ai_operation', 'record_integrity', 'security_control', 'trace'],
    product: { name: 'Countersign', vendor_name: 'Countersign' },
    // The entry's own hash: an event that comes twice has the same.
    uid,
    ...{ event_code: kind, log_name: chain, original_time: recorded_at, ...job_id },
    ...(leaf_index !== null && { sequence: leaf_index }),
  };
}

/** What callers and people wrote as a reason stays in the ledger; that of a decision is the policy's. */
function withoutReason({ body: { reason: _, ...body }, ...entry }: ShownEntry): ShownEntry {
  return { ...entry, body };
}

/** What somebody should look at stands out, whatever its kind: that nobody decided, or that one person alone did. */
function severityOf(entry: ShownEntry, { severity }: KindMeaning): object {
  const open = entry.body.fail_mode === 'open' || decisionsIn(entry).some(({ fail_mode }) => fail_mode === 'open');
  const worse = open || entry.body.break_glass === true ? 'High' : isDenied(entry) ? 'Medium' : severity;
  const shown = severityIdOf(worse) > severityIdOf(severity) ? worse : severity;
  return { severity_id: severityIdOf(shown), severity: shown };
}

function statusOf(entry: ShownEntry, { failed }: KindMeaning): object {
  const status = failed || isDenied(entry) ? 'Failure' : 'Success';
  const code = textIn(entry, 'code');
  return { status_id: status === 'Failure' ? 2 : 1, status, ...(code !== null && { status_code: code }) };
}

function isDenied(entry: ShownEntry): boolean {
  return dispositionOf(entry)?.action_id === 2;
}

/** Who an entry is about: who asked, voted or changed something; else the service that recorded it. */
function actorOf(entry: ShownEntry): string {
  return textIn(entry, 'voter') ?? textIn(entry, 'reviewed_by') ?? textIn(entry, 'actor') ?? entry.recorded_by;
}

/** Agents have an owner; people have none. */
function isAgents(entry: ShownEntry): boolean {
  return textIn(entry, 'owner') !== null && actorOf(entry) === textIn(entry, 'actor');
}

function requestOf(entry: ShownEntry): object {
  const uid = textIn(entry, 'job_id');
  return uid === null ? {} : { request: { uid } };
}

function resourcesOf(entry: ShownEntry): object {
  const job_id = textIn(entry, 'job_id');
  if (job_id !== null)
    return { resources: [{ uid: job_id, type: 'job', ...(entry.topic !== null && { name: entry.topic }) }] };
  const id = textIn(entry, 'id') ?? textIn(entry, 'switch_id') ?? textIn(entry, 'policy_snapshot');
  return id === null ? {} : { resources: [{ uid: id, type: textIn(entry, 'what') ?? entry.kind.split('_')[0]! }] };
}

/** The decision that stands after this entry, of whichever gate; an approval's end is one as well. */
function dispositionOf(entry: ShownEntry): Outcome | null {
  const said =
    textIn(entry, 'output_decision') ??
    /^approval_(granted|refused)$/.exec(entry.kind)?.[1] ??
    decisionsIn(entry).at(-1)?.decision;
  return said !== undefined && said !== null && Object.hasOwn(OUTCOMES, said)
    ? OUTCOMES[said as keyof typeof OUTCOMES]
    : null;
}

function outcomeOf(entry: ShownEntry): object {
  const outcome = dispositionOf(entry);
  const policy = policyOf(entry, decisionsIn(entry).at(-1));
  return {
    ...(outcome && {
      ...outcome,
      action: outcome.action_id === 1 ? 'Allowed' : 'Denied',
      disposition: DISPOSITIONS[outcome.disposition_id],
    }),
    ...(policy && { policy }),
  };
}

function policyOf(entry: ShownEntry, decision: Decision | undefined): object | null {
  const uid = decision?.policy_snapshot ?? textIn(entry, 'policy_snapshot');
  const version = decision?.policy_version ?? entry.body.policy_version;
  if (uid === null || uid === undefined) return null;
  const name = decision?.rule_id ?? textIn(entry, 'rule_id');
  return { uid, version: String(version), ...(name && { name }) };
}

function traceOf(entry: ShownEntry): object {
  const traceparent = textIn(entry, 'traceparent');
  return traceparent === null ? {} : { trace: { uid: traceparent.slice(3, 35) } };
}

function unmappedOf(entry: ShownEntry): object {
  const { chain, seq, leaf_index, hash: own, prev_hash, recorded_by, tenant, body } = entry;
  const kept = KEPT.filter((name) => ['string', 'number'].includes(typeof body[name])).map((name) => [
    name,
    body[name],
  ]);
  const findings = findingsIn(entry);
  return {
    ledger: { chain, seq, leaf_index, hash: own, prev_hash, recorded_by, tenant },
    ...Object.fromEntries(kept),
    ...(findings.length > 0 && { findings: findings.slice(0, FINDINGS), findings_count: findings.length }),
  };
}
