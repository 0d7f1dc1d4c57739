/**
 * The attack table of the ledger: whatever is done to a history by whoever, the verifier says so from the export and the
 * public keys alone, and names the first bad entry.
 */
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';
import { cosign } from '@countersign/ledger/cosignature';
import type { LogWindow } from '@countersign/ledger/log-window';
import type { LogFaultCode, LoggedEntry } from '@countersign/ledger/verify-log';
import { describe, expect, it, test } from 'vitest';
import { exportOf, history, LOG, logOf, newSigner, noteOver, rechained, type Step, verify } from './log-history.ts';

const HONEST = exportOf(logOf(history()));
const KEPT = noteOver(HONEST.leaves.slice(0, 9), LOG);
const LAST = HONEST.entries.length - 1;

function first(exported: Parameters<typeof verify>[0], trust?: Parameters<typeof verify>[1]): [LogFaultCode, string] {
  const [fault] = verify(exported, trust).faults;
  return [fault!.code, fault!.at];
}

function edited(at: number, change: Partial<LoggedEntry>): LoggedEntry[] {
  return HONEST.entries.map((entry, i) => (i === at ? { ...entry, ...change } : entry));
}

/** Entries of the history are a microsecond apart. */
const MARGIN = EVIDENCE_BOUNDS.out_of_order_us + 1;

function nameOf(at: number): string {
  return `leaf ${at}, ${HONEST.entries[at]!.chain}#${HONEST.entries[at]!.seq}`;
}

it('holds, and says what it stands on', () => {
  const { verdict, entries, leaves, signed_size, kept_size } = verify(HONEST, { kept: KEPT });
  expect({ verdict, entries, leaves, signed_size, kept_size }).toEqual({
    ...{ verdict: 'holds', entries: LAST + 1, leaves: LAST + 1 },
    ...{ signed_size: LAST + 1, kept_size: 9 },
  });
});

describe('of an export in which', () => {
  it.each(HONEST.entries.map((_, at) => [at]))('a bit of entry %i was changed, that one is named', (at) => {
    const { body, time_us, hash } = HONEST.entries[at]!;
    const flipped = hash.replace(/^./, (digit) => (digit === 'f' ? '0' : 'f'));
    for (const change of [
      { body: body.replace('"', "'") },
      { time_us: time_us + 1 },
      { hash: flipped },
      { kind: 'job_held' },
    ])
      expect(first({ ...HONEST, entries: edited(at, change) }), JSON.stringify(change)).toEqual([
        'hash_mismatch',
        nameOf(at),
      ]);
  });

  it.each(HONEST.entries.map((_, at) => [at]))('entry %i is missing, the gap is named', (at) => {
    const { faults } = verify({ ...HONEST, entries: HONEST.entries.toSpliced(at, 1) });
    const next = HONEST.entries.findIndex(({ chain }, i) => i > at && chain === HONEST.entries[at]!.chain);
    expect(faults).toContainEqual({ code: 'leaf_without_entry', at: `leaf ${at}` });
    if (next > 0) expect(faults).toContainEqual({ code: 'seq_gap', at: nameOf(next) });
  });

  it('entries were swapped, doubled, or cut off', () => {
    const swapped = HONEST.entries.with(3, HONEST.entries[4]!).with(4, HONEST.entries[3]!);
    expect(first({ ...HONEST, entries: swapped })[0]).toBe('seq_gap');
    expect(first({ ...HONEST, entries: HONEST.entries.toSpliced(4, 0, HONEST.entries[3]!) })).toEqual([
      'out_of_order',
      nameOf(3),
    ]);
    expect(first({ ...HONEST, entries: HONEST.entries.slice(0, -1) })).toEqual(['leaf_without_entry', `leaf ${LAST}`]);
    const short = HONEST.entries.slice(0, -3);
    expect(first({ entries: short, leaves: short.map(({ hash }) => hash), note: HONEST.note })[0]).toBe(
      'log_truncated',
    );
  });

  it('a column says otherwise than what was hashed', () => {
    expect(first({ ...HONEST, entries: edited(2, { tenant: 'rival' }) })).toEqual(['tenant_mismatch', nameOf(2)]);
    expect(first({ ...HONEST, entries: edited(2, { topic: 'job.other' }) })).toEqual(['topic_mismatch', nameOf(2)]);
    expect(first({ ...HONEST, entries: edited(2, { leaf_index: 40 }) })[0]).toBe('leaf_missing');
    expect(first({ ...HONEST, entries: edited(2, { seq: 1.5 }) })[0]).toBe('entry_malformed');
  });

  it('a chain was computed anew', () => {
    const entries = rechained(edited(4, { body: '{"tenant":"acme"}' }));
    // With the old leaves, with leaves to match, and with a checkpoint forged for them.
    expect(first({ ...HONEST, entries })).toEqual(['leaf_mismatch', nameOf(4)]);
    const leaves = entries.map(({ hash }) => hash);
    expect(verify({ entries, leaves, note: HONEST.note }).faults.map(({ code }) => code)).toContain('root_mismatch');
    const forged = noteOver(leaves, newSigner('log.test'));
    expect(verify({ entries, leaves, note: forged }).faults.map(({ code }) => code)).toContain('checkpoint_refused');
    // Even by who holds the log's own key.
    const { faults } = verify({ entries, leaves, note: noteOver(leaves, LOG) }, { kept: KEPT });
    expect(faults).toContainEqual({ code: 'history_rewritten', at: 'the checkpoint kept, of 9' });
  });

  it('an old backup was restored, alone or with another history on top', () => {
    const backup = HONEST.entries.slice(0, 5);
    expect(first(exportOf(backup), { kept: KEPT })).toEqual(['log_truncated', 'the checkpoint kept, of 9']);
    const other = logOf([...history().slice(0, 5), ...history().slice(7)]);
    expect(first(exportOf(other), { kept: KEPT })[0]).toBe('history_rewritten');
  });

  it('the checkpoint is missing, altered, or lacks the witnesses that were asked for', () => {
    const codes = (note: string | null, trust = {}): string[] =>
      verify({ ...HONEST, note }, trust).faults.map(({ code }) => code);
    expect(codes(null)).toEqual(['checkpoint_missing']);
    expect(codes(HONEST.note!.replace(/\n\d+\n/, '\n7\n'))).toEqual(['checkpoint_refused']);
    const witness = newSigner('witness.test');
    const trust = { witnesses: [witness], cosignatures: 1 };
    const text = HONEST.note!.split('\n\n')[0]!;
    expect(codes(HONEST.note, trust)).toEqual(['cosignatures_missing']);
    expect(codes(HONEST.note! + cosign(`${text}\n`, 1n, newSigner('witness.test')), trust)).toEqual([
      'cosignatures_missing',
    ]);
    const cosigned = HONEST.note! + cosign(`${text}\n`, 1n, witness);
    expect(verify({ ...HONEST, note: cosigned }, trust)).toMatchObject({
      verdict: 'holds',
      cosigned_by: ['witness.test'],
    });
  });

  it.each<[string, LogFaultCode | null, (entries: LoggedEntry[]) => LoggedEntry[], Partial<LogWindow>]>([
    ['nothing', null, (entries) => entries, {}],
    ['an entry left out', 'leaf_without_entry', (entries) => entries.toSpliced(2, 1), {}],
    [
      'a chain left out',
      'leaf_without_entry',
      (entries) => entries.filter(({ chain }) => !chain.endsWith('careful')),
      {},
    ],
    ['the first ones left out, and said to', 'window_shortened', (entries) => entries.slice(2), { from: 5 }],
    ['the last ones left out, and said to', 'window_shortened', (entries) => entries.slice(0, -2), { to: 8 }],
    ['another added', 'outside_the_window', (entries) => [...entries, HONEST.entries[11]!], {}],
    ['one of them changed', 'hash_mismatch', (entries) => entries.with(3, { ...entries[3]!, kind: 'x' }), {}],
    ['more than the log has', 'window_shortened', (entries) => entries, { to: 99 }],
  ])('a window holds what it says: %s', (_, code, change, said) => {
    const whole = HONEST.entries.slice(3, 10);
    const entries = change(whole);
    const [since_us, until_us] = [whole[1]!.time_us, whole.at(-2)!.time_us];
    // Times a minute apart, so that the edges are surely outside.
    const window = { from: 3, to: 10, since_us: since_us + MARGIN, until_us: until_us - MARGIN, ...said };
    const verdict = verify({ ...HONEST, entries }, { window });
    expect(verdict.faults.map((fault) => fault.code)).toEqual(code === null ? [] : expect.arrayContaining([code]));
    expect(verdict).toMatchObject({ derived: false });
  });

  it('a window of one tenant is whole in what it has, and from the first leaf on it is derived', () => {
    const window = { from: 0, to: 6, since_us: null, until_us: null };
    const entries = HONEST.entries.slice(0, 6);
    expect(verify({ ...HONEST, entries }, { window })).toMatchObject({ verdict: 'holds', derived: true, within: 6 });
    expect(first({ ...HONEST, entries: entries.slice(2) }, { window, selection: true })[0]).toBe('policy_not_in_force');
  });

  it('a tenant has its own entries alone, nothing is missing but what is others’', () => {
    const own = HONEST.entries.filter(({ chain }) => chain !== 'policy:*');
    expect(verify({ ...HONEST, entries: own }, { selection: true }).verdict).toBe('holds');
    expect(first({ ...HONEST, entries: own })[0]).toBe('leaf_without_entry');
  });
});

/** A history that was recorded so from the beginning, by services that were taken over or wrong: every hash and root fits. */
test('a quarantined output that was opened and let out fits', () => {
  const held = history().find(({ kind }) => kind === 'job_quarantined')!;
  const body = { ...held.body, reviewer: 'rita', state: null, artifacts: ['file'] };
  const reviewed = ['opened', 'proposed', 'opened', 'released'].map((action, i) => ({
    ...{ ...held, kind: `quarantine_${action}`, by: 'output_safety' },
    body: { ...body, reviewer: i < 2 ? 'rita' : 'sam' },
  }));
  expect(verify(exportOf(logOf([...history(), ...reviewed])))).toMatchObject({ verdict: 'holds' });
});

/** What the registry records of an account, before people vote. */
function told(...changes: [id: string, says: Record<string, unknown>][]): Step[] {
  const at = history().findIndex(({ kind }) => kind === 'approval_opened');
  const entries = changes.map(([id, says]) => ({
    ...{ chain: `identity:${id}`, kind: 'identity_changed', by: 'ingress', tenant: 'acme' },
    body: { what: 'person', id, tenant: 'acme', ...says },
  }));
  return history().toSpliced(at, 0, ...entries);
}

test('accounts of different humans fit, and so do two of one that were parted before either voted', () => {
  const parted = told(['bob', { person: 'ann' }], ['bob', { person: null }], ['cyd', { oidc_subject: 'a' }]);
  expect(verify(exportOf(logOf(parted)))).toMatchObject({ verdict: 'holds' });
  // Once both have voted, it changes nothing of what they were.
  const late = told(['bob', { person: 'ann' }]);
  const link = late.findIndex(({ chain }) => chain === 'identity:bob');
  const after = [...late.toSpliced(link, 1), late[link]!];
  expect(verify(exportOf(logOf(after)))).toMatchObject({ verdict: 'holds' });
});

describe('of a history in which', () => {
  const index = (kind: string, nth = 0): number =>
    history().flatMap((step, i) => (step.kind === kind ? [i] : []))[nth]!;
  const changed = (at: number, body: Record<string, unknown>): Step[] =>
    history().map((step, i) => (i === at ? { ...step, body: { ...step.body, ...body } } : step));
  const decision = (at: number, change: object): object => ({ ...(history()[at]!.body.decision as object), ...change });
  const DISPATCH = index('job_dispatched');
  const reviews = (...steps: [kind: string, change?: Record<string, unknown>][]): Step[] => [
    ...history(),
    ...steps.map(([kind, change]) => {
      const body = { ...history()[index('job_quarantined')]!.body, reviewer: 'rita', state: null, ...change };
      return { ...history()[index('job_quarantined')]!, kind: `quarantine_${kind}`, by: 'output_safety', body };
    }),
  ];
  const ONE_FILE = { artifacts: ['file'] };
  const APPROVED = index('job_dispatched', 1);

  const cases: [string, Step[], LogFaultCode, number][] = [
    [
      'a denied job was dispatched',
      changed(index('job_admitted'), {
        decisions: [{ decision: 'deny', gate: 'submit', policy_epoch: 2, policy_snapshot: `sha256:${'1'.repeat(64)}` }],
      }),
      'submit_not_allowed',
      index('job_admitted'),
    ],
    [
      'a job was never decided at submit',
      changed(index('job_admitted'), { decisions: [] }),
      'submit_not_allowed',
      DISPATCH,
    ],
    [
      'the dispatch gate said no',
      changed(DISPATCH, { decision: decision(DISPATCH, { decision: 'deny' }) }),
      'dispatch_not_allowed',
      DISPATCH,
    ],
    ['nobody asked at dispatch', changed(DISPATCH, { decision: null }), 'dispatch_not_allowed', DISPATCH],
    [
      'a decision is another job’s',
      changed(DISPATCH, { decision: decision(DISPATCH, { job_hash: 'other' }) }),
      'decision_about_another_job',
      DISPATCH,
    ],
    [
      'it stands on an old policy',
      changed(DISPATCH, { decision: decision(DISPATCH, { policy_epoch: 1 }) }),
      'policy_not_in_force',
      DISPATCH,
    ],
    ['it stands on no policy', history().filter(({ chain }) => !chain.startsWith('policy:')), 'policy_not_in_force', 0],
    ['a policy went back', changed(1, { scope: '*' }), 'policy_not_newer', 1],
    [
      'something else ran than was decided',
      changed(DISPATCH, { effective_digest: 'other' }),
      'effective_digest_changed',
      DISPATCH,
    ],
    ['an attempt is left out', changed(DISPATCH, { attempt: 2 }), 'attempt_out_of_order', DISPATCH],
    ['the approval is missing', changed(APPROVED, { approval_id: 'a2' }), 'approval_missing', APPROVED],
    [
      'it was not granted',
      history().filter(({ kind }) => kind !== 'approval_granted'),
      'approval_missing',
      APPROVED - 1,
    ],
    [
      'it was for something else',
      changed(index('approval_opened'), { effective_digest: 'other' }),
      'approval_of_something_else',
      APPROVED,
    ],
    [
      'people saw something else',
      changed(index('approval_voted'), { digest: 'other' }),
      'approval_of_something_else',
      APPROVED,
    ],
    ...[
      [{ group: 'sre', count: 3 }],
      [
        { group: 'sre', count: 1 },
        { group: 'sre', count: 1 },
      ],
      [
        { group: 'sre', count: 2 },
        { group: 'security', count: 1 },
      ],
      undefined,
      [],
    ].map((stages): [string, Step[], LogFaultCode, number] => [
      `the dispatch gate wanted ${JSON.stringify(stages) ?? 'whom it takes where nothing is said'}`,
      changed(APPROVED, { decision: decision(APPROVED, { obligations: stages ? { approval: { stages } } : {} }) }),
      'approval_by_too_few',
      APPROVED,
    ]),
    ['one vote is missing', history().toSpliced(index('approval_voted'), 1), 'approval_by_too_few', APPROVED - 1],
    ['one person voted twice', changed(index('approval_voted', 1), { voter: 'ann' }), 'approval_by_too_few', APPROVED],
    [
      'one human voted by two accounts, declared to be one',
      told(['bob', { person: 'ann' }]),
      'approval_by_too_few',
      APPROVED + 1,
    ],
    [
      'one human voted by two accounts of one subject',
      told(['bob', { oidc_subject: 's' }], ['ann', { oidc_subject: 's' }]),
      'approval_by_too_few',
      APPROVED + 2,
    ],
    [
      'the owner voted by a second account, over a third',
      told(['bob', { person: 'third' }], ['third', { person: 'olga' }]),
      'approval_by_the_wrong_person',
      APPROVED + 2,
    ],
    [
      'the owner voted',
      changed(index('approval_voted', 1), { voter: 'olga' }),
      'approval_by_the_wrong_person',
      APPROVED,
    ],
    [
      'another pool claimed it',
      changed(index('job_running'), { pool: 'other' }),
      'claim_without_dispatch',
      index('job_running'),
    ],
    [
      'it was claimed twice',
      history().toSpliced(index('job_running'), 0, history()[index('job_running')]!),
      'claimed_twice',
      index('job_running') + 1,
    ],
    [
      'another worker reported',
      changed(index('output_screened'), { worker: 'w2' }),
      'result_without_claim',
      index('output_screened'),
    ],
    [
      'the result was never screened',
      history().toSpliced(index('output_screened'), 1),
      'released_without_screening',
      index('output_screened'),
    ],
    [
      'something else was released',
      changed(index('job_succeeded'), { output_digest: 'other' }),
      'released_without_screening',
      index('job_succeeded'),
    ],
    [
      'what was quarantined was released',
      changed(index('output_screened'), { output_decision: 'quarantine' }),
      'released_without_screening',
      index('job_succeeded'),
    ],
    ['it went on after its end', [...history(), { ...history()[DISPATCH]! }], 'state_after_the_end', LAST + 1],
    ['nobody had opened what was let out', reviews(['released']), 'released_unopened', LAST + 1],
    [
      'somebody else had opened it',
      reviews(['opened'], ['released', { reviewer: 'sam' }]),
      'released_unopened',
      LAST + 2,
    ],
    [
      'a file left that who released it was not told of',
      reviews(['opened', ONE_FILE], ['opened', { reviewer: 'sam' }], ['released', { ...ONE_FILE, reviewer: 'sam' }]),
      'released_unopened',
      LAST + 3,
    ],
    [
      'a file left with less than the whole output',
      reviews(['opened', ONE_FILE], ['released', { ...ONE_FILE, redacted: true }]),
      'artifacts_released_redacted',
      LAST + 2,
    ],
    [
      'a file was opened that is not of this output',
      reviews(['opened', { artifacts: ['other'] }]),
      'review_without_quarantine',
      LAST + 1,
    ],
    ['the owner looked', reviews(['opened', { reviewer: 'olga' }]), 'reviewed_by_the_wrong_person', LAST + 1],
    [
      'somebody on whose behalf it was looked',
      reviews(['opened', { on_behalf_of: 'carla', reviewer: 'carla' }]),
      'reviewed_by_the_wrong_person',
      LAST + 1,
    ],
    [
      'it was let out after it was discarded',
      reviews(['opened'], ['discarded'], ['released']),
      'review_after_its_end',
      LAST + 3,
    ],
    ['another output was opened', reviews(['opened', { output_digest: 'x' }]), 'review_without_quarantine', LAST + 1],
    [
      'what was not quarantined was opened',
      reviews(['opened']).map((step, i) => (i > LAST ? { ...step, chain: 'job:acme:straight' } : step)),
      'review_without_quarantine',
      LAST + 1,
    ],
    [
      'another service wrote it',
      history().map((step, i) => (i === DISPATCH ? { ...step, by: 'ingress' } : step)),
      'wrong_writer',
      DISPATCH,
    ],
  ];
  it.each(cases)('%s', (_, steps, code, at) => {
    const entries = logOf(steps);
    const name = `leaf ${at}, ${entries[at]!.chain}#${entries[at]!.seq}`;
    expect(first(exportOf(entries))).toEqual([code, name]);
  });

  const stop = (kind: string, target: string, on = true, tenant: string | null = null): Step => ({
    ...{ chain: 'control', kind: 'switch_set', by: 'scheduler', tenant },
    body: { switch_id: 's1', kind, target, tenant, on, reason: 'x' },
  });
  const revoked = (subject: string): Step => ({
    ...{ chain: `identity:${subject}`, kind: 'identity_revoked', by: 'ingress', tenant: 'acme' },
    body: { subject, reason: 'x', actor: 'ada' },
  });
  const stepAhead = (kind: string, step: Step, change: Record<string, unknown> = {}): Step[] =>
    changed(index('job_admitted'), change).toSpliced(index(kind), 0, step);
  const REVIEW = reviews(['opened'], ['released']);
  const ignored: [string, LogFaultCode, string, Step[]][] = [
    ['a stop of everything', 'under_a_stop', 'job_admitted', stepAhead('job_admitted', stop('all', '*'))],
    ['a stop of its tenant', 'under_a_stop', 'job_dispatched', stepAhead('job_dispatched', stop('tenant', 'acme'))],
    [
      'a stop inside its tenant',
      'under_a_stop',
      'job_dispatched',
      stepAhead('job_dispatched', stop('all', '*', true, 'acme')),
    ],
    ['a stop of its topic', 'under_a_stop', 'job_running', stepAhead('job_running', stop('topic', 'job.desk.*'))],
    ['a stop of its pool', 'under_a_stop', 'job_succeeded', stepAhead('job_succeeded', stop('pool', 'desk'))],
    ['a stop of its agent', 'under_a_stop', 'job_succeeded', stepAhead('job_succeeded', stop('agent', 'bot'))],
    [
      'a stop of its run',
      'under_a_stop',
      'job_dispatched',
      stepAhead('job_dispatched', stop('run', 'r1'), { run: 'r1' }),
    ],
    [
      'a stop, releasing what was quarantined',
      'under_a_stop',
      'quarantine_released',
      REVIEW.toSpliced(-1, 0, stop('all', '*')),
    ],
    [
      'a revocation of its agent, at the door',
      'by_the_revoked',
      'job_admitted',
      stepAhead('job_admitted', revoked('bot')),
    ],
    [
      'one of its key',
      'by_the_revoked',
      'job_admitted',
      stepAhead('job_admitted', revoked('key:k1'), { key_id: 'k1' }),
    ],
    [
      'one of its token',
      'by_the_revoked',
      'job_admitted',
      stepAhead('job_admitted', revoked('token:t1'), { token_id: 't1' }),
    ],
    ['one of its agent, at dispatch', 'by_the_revoked', 'job_dispatched', stepAhead('job_dispatched', revoked('bot'))],
    [
      'one in its chain',
      'by_the_revoked',
      'job_dispatched',
      stepAhead('job_dispatched', revoked('carla'), { on_behalf_of: 'carla/olga' }),
    ],
    [
      'one of the worker that claimed it',
      'by_the_revoked',
      'job_running',
      stepAhead('job_running', revoked('worker:desk/w1')),
    ],
    ['one of its agent, at release', 'by_the_revoked', 'job_succeeded', stepAhead('job_succeeded', revoked('bot'))],
    ['one of who voted', 'by_the_revoked', 'approval_voted', stepAhead('approval_voted', revoked('ann'))],
    ['one of who reviewed it', 'by_the_revoked', 'quarantine_released', REVIEW.toSpliced(-1, 0, revoked('rita'))],
  ];
  it.each(ignored)('%s was ignored', (_, code, kind, steps) => {
    const entries = logOf(steps);
    const set = steps.findIndex((step) => step.kind === 'switch_set' || step.kind === 'identity_revoked');
    const at = steps.findIndex((step, i) => i > set && step.kind === kind);
    expect(first(exportOf(entries))).toEqual([code, `leaf ${at}, ${entries[at]!.chain}#${entries[at]!.seq}`]);
  });

  it.each<[string, Step[]]>([
    ['a lifted stop', [stop('all', '*'), stop('all', '*', false)]],
    ['a stop of another tenant', [stop('all', '*', true, 'rival'), stop('tenant', 'rival')]],
    ['a stop of another topic, pool, agent or run', [stop('topic', 'job.desk'), stop('pool', 'other')]],
    ['the revocation of somebody else', [revoked('eve'), revoked('key:k2'), revoked('worker:desk/w2')]],
    ['the revocation of a key after its job was admitted', []],
  ])('%s forbids nothing', (_, control) => {
    const late = stepAhead('job_dispatched', revoked('key:k1'), { key_id: 'k1', run: 'r2' });
    expect(verify(exportOf(logOf([...control, ...late]))).faults).toEqual([]);
  });

  it('an approval was spent more often, or later, than it was given for', () => {
    const spent = exportOf(logOf(history({ max_attempts: 1 })));
    expect(first(spent)).toEqual(['approval_spent', nameOf(index('job_dispatched', 2))]);
    const late = exportOf(logOf(history({ expires_at: '2000-01-01T00:00:00Z' })));
    expect(first(late)).toEqual(['approval_expired', nameOf(APPROVED)]);
  });
});
