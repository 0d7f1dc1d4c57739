/** A job's trace out of its evidence: what ran has an execution, what did not run has none; and how a collector is told. */
import { endsJob, jobSpans, nanosOf, type Span } from '@countersign/cli/forward/job-spans';
import { openOtlp, otlpRequest } from '@countersign/cli/forward/otlp-sink';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { firstSpan, jobSpan, runSpan } from '@countersign/ledger/span-ids';
import { describe, expect, test } from 'vitest';
import { playHttp } from './play-receivers.ts';

const TRACE = 'ab'.repeat(16);
const HASH = `sha256:${'7'.repeat(64)}`;
const CALLER = '00f067aa0ba902b7';
type Step = [kind: string, second: number, body?: object];

/** `kind` at so many seconds past ten. A step of a job says the state that it leads to. */
function chain(job_id: string, steps: readonly Step[], traceparent: string | null = `00-${TRACE}-${CALLER}-01`) {
  return steps.map(([kind, second, body = {}], i): ShownEntry => {
    const state = kind.startsWith('job_') ? { state: kind.slice('job_'.length) } : {};
    return {
      ...{ chain: `job:acme:${job_id}`, seq: i + 1, kind, tenant: 'acme', topic: 'job.disk.read', leaf_index: i },
      ...{ recorded_by: 'countersign_scheduler', prev_hash: '', hash: '' },
      recorded_at: `2026-11-25T10:00:${second.toFixed(6).padStart(9, '0')}Z`,
      body: {
        ...{
          actor: 'bot',
          owner: 'olga',
          job_id,
          capability: 'disk.read',
          job_hash: HASH,
          prompt: 'CONTENT',
          ...state,
          ...body,
        },
        ...(i === 0 && traceparent !== null && { traceparent }),
      },
    };
  });
}

function decided(gate: string, decision: string, second: number) {
  return {
    ...{ decision_id: '00000000-0000-4000-8000-000000000001', gate, decision, rule_id: 'r', reason: 'so it is' },
    ...{ policy_version: 3, policy_snapshot: `sha256:${'1'.repeat(64)}`, policy_epoch: 3, cached: false },
    ...{ decided_at: `2026-11-25T10:00:0${second}.000000Z`, effective_digest: null, findings: [] },
  };
}

const straight = { state: 'dispatched', decisions: [decided('submit', 'allow', 0)] };
const ran = (dispatch_id: string, at: number): Step[] => [
  ['job_dispatched', at, { dispatch_id, attempt: 1, pool: 'disk' }],
  ['job_running', at + 1, { dispatch_id, attempt: 1, pool: 'disk', worker: 'w1' }],
];
const SUCCEEDED: Step[] = [
  ['job_admitted', 1, straight],
  ...ran('d1', 1),
  ['output_screened', 9, { dispatch_id: 'd1', output_decision: 'allow', duration_ms: 4_000, status: 'succeeded' }],
  ['job_succeeded', 10, { released: true, output_digest: 'sha256:0' }],
];
const asked: Step[] = [
  ['job_admitted', 1, { state: 'held', decisions: [decided('submit', 'require_approval', 0)] }],
  ['approval_opened', 2, { approval_id: 'a1' }],
  ['approval_voted', 3, { approval_id: 'a1', voter: 'ann', comment: 'CONTENT' }],
];

/** Name, parent's name, seconds from and to, error. */
function told(spans: readonly Span[]) {
  const names = new Map(spans.map(({ span_id, name }) => [span_id, name]));
  const second = (nanos: bigint): number => Number(nanos - nanosOf('2026-11-25T10:00:00Z')) / 1e9;
  return spans.map(({ name, parent, from, to, error }) => [
    ...[name, parent === null ? null : (names.get(parent) ?? parent), second(from), second(to), error],
  ]);
}

describe('a job', () => {
  test('that ran: decision, wait, execution, screening and release, under the caller’s span', () => {
    const spans = jobSpans(chain('j1', SUCCEEDED));
    expect(told(spans)).toEqual([
      ['job job.disk.read', CALLER, 0, 10, null],
      ['decide submit', 'job job.disk.read', 0, 1, null],
      ['wait worker', 'job job.disk.read', 1, 2, null],
      ['execute_tool job.disk.read', 'job job.disk.read', 2, 6, null],
      ['screen output', 'job job.disk.read', 6, 9, null],
      ['release', 'job job.disk.read', 9, 10, null],
    ]);
    expect(spans[0]!.span_id).toBe(jobSpan('job:acme:j1'));
    expect(spans[3]).toMatchObject({
      span_id: runSpan('d1'),
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'job.disk.read',
        'countersign.worker': 'w1',
      },
    });
  });

  test.each<[string, Step[], string, string[]]>([
    [
      'denied at the door',
      [['job_denied', 1, { decisions: [decided('submit', 'deny', 0)] }]],
      'denied',
      ['decide submit'],
    ],
    [
      'denied at dispatch',
      [
        ['job_admitted', 1, { state: 'cleared', decisions: [decided('submit', 'allow', 0)] }],
        ['job_denied', 3, { decision: decided('dispatch', 'deny', 2) }],
      ],
      'denied',
      ['decide submit', 'wait slot', 'decide dispatch'],
    ],
    [
      'refused by people',
      [...asked, ['approval_refused', 4, { approval_id: 'a1' }], ['job_refused', 5]],
      'refused',
      ['decide submit', 'approval'],
    ],
    ['cancelled while it was held', [...asked, ['job_cancelled', 5]], 'cancelled', ['decide submit', 'approval']],
    [
      'that no worker took',
      [['job_admitted', 1, straight], ran('d1', 2)[0]!, ['job_expired', 9]],
      'expired',
      ['decide submit', 'wait worker', 'wait worker'],
    ],
  ])('%s has no execution', (_, steps, state, names) => {
    const [root, ...inside] = jobSpans(chain('j1', steps));
    expect(root).toMatchObject({ error: state, attributes: { 'countersign.job.state': state } });
    expect(inside.map(({ name }) => name)).toEqual(names);
    expect(inside.some(({ name }) => name.startsWith('execute_tool'))).toBe(false);
  });

  test('that was countersigned tells the question, its end and who voted', () => {
    const spans = jobSpans(
      chain('j1', [
        ...asked,
        ['approval_granted', 4, { approval_id: 'a1' }],
        ['job_cleared', 5],
        ...ran('d1', 6),
        ['job_failed', 9, { code: 'worker_failed' }],
      ]),
    );
    expect(spans.find(({ name }) => name === 'approval')).toMatchObject({
      ...{ from: nanosOf('2026-11-25T10:00:02Z'), to: nanosOf('2026-11-25T10:00:04Z'), error: null },
      attributes: {
        'countersign.approval.id': 'a1',
        'countersign.approval.state': 'granted',
        'countersign.approval.voters': ['ann'],
      },
    });
    expect(spans[0]).toMatchObject({ error: 'worker_failed' });
  });

  test('that was tried twice has two executions, the lost one with its error', () => {
    const lost: Step = ['attempt_lost', 4, { dispatch_id: 'd1', state: 'cleared' }];
    const spans = jobSpans(
      chain('j1', [
        ['job_admitted', 1, straight],
        ...ran('d1', 1),
        lost,
        ...ran('d2', 5),
        ...SUCCEEDED.slice(3).map(
          ([kind, second, body]): Step => [
            kind,
            second,
            { ...body, ...(kind === 'output_screened' && { dispatch_id: 'd2' }) },
          ],
        ),
      ]),
    );
    const runs = spans.filter(({ name }) => name.startsWith('execute_tool'));
    expect(runs.map(({ span_id, error }) => [span_id, error])).toEqual([
      [runSpan('d1'), 'attempt_lost'],
      [runSpan('d2'), null],
    ]);
  });

  test('whose output was kept back did run, and says so', () => {
    const spans = jobSpans(
      chain('j1', [
        ...SUCCEEDED.slice(0, 3),
        [
          'output_screened',
          9,
          {
            dispatch_id: 'd1',
            output_decision: 'quarantine',
            status: 'succeeded',
            findings: [{ scanner: 'secrets', type: 'aws_key', place: 'x', match: 'CONTENT' }],
          },
        ],
        ['job_quarantined', 10, { released: false }],
      ]),
    );
    expect(spans.map(({ name, error }) => [name, error]).slice(-2)).toEqual([
      ['execute_tool job.disk.read', null],
      ['screen output', 'quarantine'],
    ]);
    expect(spans.at(-1)!.attributes).toMatchObject({ 'countersign.findings': ['secrets/aws_key'] });
  });

  test('that nobody’s trace asked for is a root; one without a context has no trace', () => {
    expect(jobSpans(chain('j1', SUCCEEDED, `00-${TRACE}-${firstSpan(TRACE)}-01`))[0]!.parent).toBeNull();
    expect(jobSpans(chain('j1', SUCCEEDED, null))).toEqual([]);
  });

  test('ends with a terminal state, and what happens to it afterwards is no part of its trace', () => {
    expect(chain('j1', SUCCEEDED).map(endsJob)).toEqual([false, false, false, false, true]);
    const more = chain('j1', [...SUCCEEDED, ['quarantine_released', 50]]);
    expect(jobSpans(more)).toEqual(jobSpans(more.slice(0, -1)));
  });
});

describe('a collector', () => {
  const BEGUN = chain('old', SUCCEEDED);
  const MANY = [...chain('j1', SUCCEEDED), ...chain('j2', asked), ...chain('j3', [['job_denied', 1, {}]])];

  async function sending(entries: readonly ShownEntry[], ...answers: { status: number; text?: string }[]) {
    const asked: EvidenceQuery[] = [];
    const dropped: number[] = [];
    await using collector = await playHttp(() => answers.shift() ?? { status: 200, text: '{}' });
    const client = {
      entries: async (query: EvidenceQuery = {}) => {
        asked.push(query);
        return { entries: BEGUN, next: 9, end: 9 };
      },
    };
    const target = { url: `http://127.0.0.1:${collector.port}/v1/traces`, token: 't' };
    const otlp = openOtlp({ client, query: { tenants: 'all' } }, target, (spans) => void dropped.push(spans));
    const failed = await otlp.send(entries, null).then(
      () => null,
      (thrown: Error) => thrown.message,
    );
    return { got: collector.got, asked, dropped, failed };
  }

  test('gets valid OTLP of the jobs that ended, and nothing of the one that has not', async () => {
    const { got, asked, failed } = await sending(MANY);
    expect({ failed, asked }).toEqual({ failed: null, asked: [] });
    expect(got).toHaveLength(1);
    expect(got[0]!.headers).toMatchObject({ authorization: 'Bearer t', 'content-type': 'application/json' });
    const [{ resource, scopeSpans }] = got[0]!.body.resourceSpans;
    expect(resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'countersign' } }]);
    const spans = scopeSpans[0].spans;
    expect(spans.flatMap(otlpFaults)).toEqual([]);
    expect(new Set(spans.map(({ spanId }: any) => spanId)).size).toBe(spans.length);
    expect(spans.map(({ name }: any) => name).filter((name: string) => name.startsWith('job '))).toHaveLength(2);
    expect(JSON.stringify(got[0]!.body)).not.toContain('CONTENT');
  });

  test('hears the whole of a job that began before its reader did', async () => {
    const { got, asked } = await sending(BEGUN.slice(-1));
    expect(asked).toEqual([{ chain: 'job:acme:old', tenants: 'all', from: 0 }]);
    expect(got[0]!.body).toEqual(JSON.parse(JSON.stringify(otlpRequest(jobSpans(BEGUN)))));
  });

  test.each([[429], [502], [503], [504]])('that answers %d gets it again', async (status) => {
    expect(await sending(MANY, { status })).toMatchObject({ failed: `the receiver answered ${status}`, dropped: [] });
  });

  test('that refuses for good loses what it refused, and that is counted', async () => {
    expect(await sending(MANY, { status: 400 })).toMatchObject({ failed: null, dropped: [7] });
    const text = '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}';
    expect(await sending(MANY, { status: 200, text })).toMatchObject({ failed: null, dropped: [3] });
  });
});

/** What the JSON encoding of OTLP asks of a span: hex ids, times as texts, one kind of value for each attribute. */
function otlpFaults(span: any): string[] {
  const times = [span.startTimeUnixNano, span.endTimeUnixNano];
  const values = span.attributes.map(({ value }: any) => Object.keys(value));
  return [
    /^[0-9a-f]{32}$/.test(span.traceId) && /^[0-9a-f]{16}$/.test(span.spanId) ? '' : 'ids',
    span.parentSpanId === undefined || /^[0-9a-f]{16}$/.test(span.parentSpanId) ? '' : 'parent',
    times.every((time) => /^\d{19}$/.test(time)) && BigInt(times[0]) <= BigInt(times[1]) ? '' : 'times',
    [1, 2].includes(span.kind) && [0, 2].includes(span.status.code) && span.name !== '' ? '' : 'kind',
    values.every((keys: string[]) => keys.length === 1 && /^(string|bool|int|array)Value$/.test(keys[0]!))
      ? ''
      : 'values',
  ].filter((fault) => fault !== '');
}
