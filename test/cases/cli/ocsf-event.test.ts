/** Entries of the ledger as OCSF events: every kind by its row, valid by the schema, chained, and without content. */
import { fingerprintOf, type OcsfEvent, ocsfEvent, ocsfEvents } from '@countersign/cli/forward/ocsf-event';
import { syslogMessage } from '@countersign/cli/forward/syslog-sink';
import { ENTRY_KINDS, roleOf, type ShownEntry } from '@countersign/contracts/ledger-entry';
import { describe, expect, test } from 'vitest';
import { faultsIn } from './ocsf-schema.ts';

const SNAPSHOT = `sha256:${'1'.repeat(64)}`;
const TRACE = 'ab'.repeat(16);
/** Whatever somebody wrote freely, in each field that an entry has or might have one day. */
const WRITTEN = Object.fromEntries(
  ['prompt', 'payload', 'output', 'comment', 'note', 'reason', 'match', 'error', 'labels', 'secret'].map((name) => [
    name,
    'CONTENT',
  ]),
);

/** Activity, severity and status of each kind by itself. */
const ROWS = `
  job_admitted             Create Informational Success
  job_held                 Update Informational Success
  job_cleared              Update Informational Success
  job_dispatched           Update Informational Success
  job_running              Update Informational Success
  job_succeeded            Update Informational Success
  job_failed               Update Medium        Failure
  job_denied               Update Medium        Failure
  job_refused              Update Medium        Failure
  job_expired              Update Medium        Failure
  job_cancelled            Update Informational Success
  job_timed_out            Update Medium        Failure
  job_quarantined          Update Medium        Failure
  job_cancel_requested     Update Informational Success
  job_followed             Update Informational Success
  dead_letter_discarded    Delete Informational Success
  attempt_refused          Update Medium        Failure
  attempt_lost             Update Medium        Failure
  switch_set               Update High          Success
  switch_lift_requested    Update Informational Success
  payloads_erased          Delete Informational Success
  retention_set            Update Medium        Success
  hold_set                 Create Informational Success
  hold_lifted              Delete Medium        Success
  erasure_asked            Create Medium        Success
  worker_record_taken      Update Informational Success
  comments_erased          Delete Informational Success
  outputs_erased           Delete Informational Success
  approval_opened          Create Informational Success
  approval_voted           Update Informational Success
  approval_granted         Update Informational Success
  approval_refused         Update Medium        Failure
  approval_expired         Update Medium        Failure
  approval_voided          Update Informational Success
  approval_withdrawn       Update Informational Success
  approval_escalated       Update Informational Success
  approval_carried         Create Informational Success
  approval_reviewed        Update Informational Success
  run_review_opened        Create Informational Success
  review_signed            Update Informational Success
  approval_by_grant        Create Informational Success
  approval_grant_revoked   Delete Informational Success
  output_screened          Update Informational Success
  result_rejected          Update High          Failure
  quarantine_opened        Read   Medium        Success
  quarantine_proposed      Update Informational Success
  quarantine_released      Update Medium        Success
  quarantine_discarded     Delete Informational Success
  policy_activated         Update Informational Success
  policy_rejected          Update High          Failure
  policy_published         Create Informational Success
  policy_shadow_set        Update Informational Success
  policy_shadow_difference Create Informational Success
  identity_created         Create Informational Success
  identity_changed         Update Informational Success
  identity_revoked         Delete Medium        Success
  entitlements_reviewed    Read   Informational Success
`;
const KINDS = ROWS.trim()
  .split('\n')
  .map((row) => row.trim().split(/\s+/));
const ACTIVITY_IDS: Readonly<Record<string, number>> = { Create: 1, Read: 2, Update: 3, Delete: 4 };
const SEVERITY_IDS: Readonly<Record<string, number>> = { Informational: 1, Medium: 3, High: 4 };

function entry(kind: string, body: object = {}, more: Partial<ShownEntry> = {}): ShownEntry {
  return {
    ...{ chain: 'job:acme:j1', seq: 3, kind, tenant: 'acme', topic: 'job.disk.read', leaf_index: 7 },
    ...{ recorded_by: roleOf(ENTRY_KINDS[kind as keyof typeof ENTRY_KINDS] ?? 'audit'), prev_hash: 'a'.repeat(64) },
    ...{ recorded_at: '2026-11-25T10:00:01.123456Z', hash: kind.length.toString(16).padStart(64, 'b') },
    body: { actor: 'bot', owner: 'olga', job_id: 'j1', job_hash: SNAPSHOT, ...WRITTEN, ...body },
    ...more,
  };
}

function decided(decision: string, more: object = {}) {
  return {
    ...{ decision_id: '00000000-0000-4000-8000-000000000001', gate: 'submit', decision, rule_id: 'no-wipe' },
    ...{ policy_version: 3, policy_snapshot: SNAPSHOT, policy_epoch: 3, cached: false, effective_digest: null },
    ...{ decided_at: '2026-11-25T10:00:00.000000Z', reason: 'nothing is wiped', findings: [], ...more },
  };
}

function forwarded(kind: string, body: object = {}): any {
  return ocsfEvent(entry(kind, body), null);
}

describe('each kind of evidence', () => {
  test('has its row', () => {
    expect(KINDS.map(([kind]) => kind)).toEqual(Object.keys(ENTRY_KINDS));
  });

  test.each(KINDS)('%s is a valid event: %s, %s, %s', (kind, activity, severity, status) => {
    const event = forwarded(kind!);
    expect(faultsIn(event)).toEqual([]);
    expect(event).toMatchObject({
      ...{ class_uid: 6003, category_uid: 6, activity_id: ACTIVITY_IDS[activity!], activity_name: activity },
      ...{ type_uid: 600300 + ACTIVITY_IDS[activity!]!, severity, severity_id: SEVERITY_IDS[severity!] },
      ...{ status, status_id: status === 'Failure' ? 2 : 1, time: Date.parse('2026-11-25T10:00:01.123Z') },
      api: { operation: kind },
      metadata: { version: '1.9.0', event_code: kind, correlation_uid: 'j1', sequence: 7 },
    });
    expect(JSON.stringify(event)).not.toContain('CONTENT');
  });

  test('one of a newer server goes on, by its name and hash alone', () => {
    const event = forwarded('moon_landed', { id: 'x' });
    expect(faultsIn(event)).toEqual([]);
    expect(event).toMatchObject({ activity_id: 99, type_uid: 600399, metadata: { event_code: 'moon_landed' } });
    expect(JSON.stringify(event)).not.toContain('CONTENT');
  });
});

describe('what was decided stands in the control', () => {
  test.each([
    ['allow', 'Allowed', 'Allowed', 'Informational', 'Success'],
    ['allow_with_constraints', 'Allowed', 'Allowed', 'Informational', 'Success'],
    ['require_approval', 'Allowed', 'Delayed', 'Informational', 'Success'],
    ['remediate', 'Allowed', 'Corrected', 'Informational', 'Success'],
    ['deny', 'Denied', 'Blocked', 'Medium', 'Failure'],
  ])('%s', (decision, action, disposition, severity, status) => {
    const event = forwarded('job_admitted', { decisions: [decided(decision)] });
    expect(event).toMatchObject({ action, disposition, severity, status });
    expect(event.policy).toEqual({ uid: SNAPSHOT, version: '3', name: 'no-wipe' });
    expect(event.message).toContain('nothing is wiped');
    expect(faultsIn(event)).toEqual([]);
  });

  test.each([
    ['output_screened', { output_decision: 'quarantine' }, 'Quarantined', 'Medium'],
    ['output_screened', { output_decision: 'redact' }, 'Corrected', 'Informational'],
    ['approval_granted', {}, 'Approved', 'Informational'],
    ['approval_refused', {}, 'Rejected', 'Medium'],
    ['job_admitted', { decisions: [decided('allow', { fail_mode: 'open' })] }, 'Allowed', 'High'],
    ['approval_granted', { break_glass: true }, 'Approved', 'High'],
  ])('%s %j', (kind, body, disposition, severity) => {
    expect(forwarded(kind, body)).toMatchObject({ disposition, severity });
  });

  test('findings go by type and place, and their number is bounded', () => {
    const findings = Array.from({ length: 60 }, (_, i) => ({
      ...{ scanner: 'secrets', type: 'aws_key', place: `output.${i}`, count: 1, match: 'CONTENT' },
    }));
    const event = forwarded('output_screened', { output_decision: 'redact', findings });
    expect(event.unmapped).toMatchObject({ findings_count: 60 });
    expect(event.unmapped.findings).toHaveLength(50);
    expect(event.unmapped.findings[1]).toEqual({ scanner: 'secrets', type: 'aws_key', place: 'output.1', count: 1 });
    expect(JSON.stringify(event)).not.toContain('CONTENT');
  });
});

test('an agent is one, a person is none, and the trace is the caller’s', () => {
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  expect(forwarded('job_admitted', { traceparent })).toMatchObject({ ai_agent: { uid: 'bot' }, trace: { uid: TRACE } });
  const vote = forwarded('approval_voted', { voter: 'ann' });
  expect(vote.actor.user).toEqual({ uid: 'ann', type_id: 0 });
  expect(vote.ai_agent).toBeUndefined();
});

test('events are chained, so that a receiver sees what is missing or was changed', () => {
  const entries = ['job_admitted', 'job_dispatched', 'job_running', 'job_succeeded'].map((kind) => entry(kind));
  const { events, last } = ocsfEvents(entries, null);
  expect(chainFaults(events)).toEqual([]);
  expect(chainFaults(events.toSpliced(1, 1))).toEqual([1]);
  expect(chainFaults(events.with(1, { ...events[1]!, message: 'nothing happened' }))).toEqual([1]);
  // The next page goes on with the chain, and the same page again is the same to the byte.
  const [more] = ocsfEvents([entry('job_cancelled')], last).events;
  expect(chainFaults([...events, more!])).toEqual([]);
  expect(JSON.stringify(ocsfEvents(entries, null))).toBe(JSON.stringify({ events, last }));
});

test('a message of syslog is one line of ASCII with the priority of log audit', () => {
  const message = syslogMessage(
    ocsfEvent(entry('job_denied', { decisions: [decided('deny', { reason: 'nö\n' })] }), null),
  );
  const [, priority, time, host, name, id] =
    /^<(\d+)>1 (\S+) (\S+) countersign - (\S+) - (\{.*\})$/.exec(message) ?? [];
  expect({ priority, time, name }).toEqual({
    priority: '108',
    time: '2026-11-25T10:00:01.123456Z',
    name: 'job_denied',
  });
  expect(host).toMatch(/^[\x21-\x7e]{1,255}$/);
  expect(message).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(id!).message).toContain('nö\n');
});

/** Numbers of the events whose fingerprint, or link to the one before, does not fit. */
function chainFaults(events: readonly OcsfEvent[]): number[] {
  return events.flatMap((event, i) => {
    const { fingerprint, prev_event, chain_uid } = event.attestation as any;
    const before = i === 0 ? null : events[i - 1]!;
    const linked =
      before === null
        ? prev_event === undefined && chain_uid === event.metadata.uid
        : prev_event.uid === before.metadata.uid &&
          prev_event.type_uid === before.type_uid &&
          prev_event.fingerprint.value === before.attestation.fingerprint.value;
    return linked && fingerprint.value === fingerprintOf(event) ? [] : [i];
  });
}
