/**
 * A job's trace, derived from its evidence after its end: spans for the decision at the door, each wait for people, the decision at
 * dispatch, each execution, the screening, the release. There is a span for an execution where a worker claimed the attempt, and
 * else none: a denied call visibly never ran. Names follow OpenTelemetry's GenAI conventions (v0.1.0, in development). Pure.
 */
import type { Decision } from '@countersign/contracts/decision';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { isTerminal, JOB_STATES, type JobState } from '@countersign/contracts/states';
import { firstSpan, jobSpan, runSpan, stepSpan } from '@countersign/ledger/span-ids';
import { decisionsIn, findingsIn, textIn } from '../tell-entry.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;
/** Times are nanoseconds since 1970. `kind`: of OTLP, 1 internal, 2 server. `error`: why it failed; null where it did not. */
export type Span = {
  trace_id: string;
  span_id: string;
  parent: string | null;
  name: string;
  kind: 1 | 2;
  from: bigint;
  to: bigint;
  attributes: Attributes;
  error: string | null;
};

const TERMINAL: ReadonlySet<string> = new Set(
  JOB_STATES.filter((state) => isTerminal(state)).map((state) => `job_${state}`),
);
/** What a job in that state waits for. That it waits for people is its question's own span. */
const WAITS: Readonly<Partial<Record<string, string>>> = { parked: 'limit', cleared: 'slot', dispatched: 'worker' };
const FAILED: ReadonlySet<JobState> = new Set(JOB_STATES.filter((state) => isTerminal(state) && state !== 'succeeded'));
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

export function endsJob({ kind, chain }: Pick<ShownEntry, 'kind' | 'chain'>): boolean {
  return chain.startsWith('job:') && TERMINAL.has(kind);
}

/** `entries`: the job's chain from the first entry on, up to its end at least. None for a chain without a trace. */
export function jobSpans(entries: readonly ShownEntry[]): Span[] {
  const context = TRACEPARENT.exec(textIn(entries[0]!, 'traceparent') ?? '');
  if (context === null) return [];
  const [, trace_id = '', caller = ''] = context;
  const { chain } = entries[0]!;
  const root = { trace_id, parent: jobSpan(chain) };
  const end = entries.findIndex(endsJob);
  const lived = end < 0 ? entries : entries.slice(0, end + 1);
  return [
    wholeJob(lived, { trace_id, parent: caller === firstSpan(trace_id) ? null : caller }),
    ...lived.flatMap((entry) => [
      ...decisionSpans(entry, root),
      ...waitSpans(entry, lived, root),
      ...questionSpans(entry, lived, root),
      ...runSpans(entry, lived, root),
    ]),
    ...releaseSpans(lived, root),
  ];
}

/** RFC 3339 with up to nine digits behind the second. */
export function nanosOf(instant: string): bigint {
  const [seconds, rest = ''] = instant.replace(/Z$/, '').split('.');
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(rest.padEnd(9, '0').slice(0, 9));
}

type Under = { trace_id: string; parent: string | null };

function wholeJob(entries: readonly ShownEntry[], under: Under): Span {
  const [first, last] = [entries[0]!, entries.at(-1)!];
  const state = (textIn(last, 'state') ?? '') as JobState;
  const decided = decisionsIn(first)[0]?.decided_at;
  const stood = entries.flatMap(decisionsIn).at(-1);
  return {
    ...under,
    span_id: jobSpan(first.chain),
    name: `job ${first.topic}`,
    kind: 2,
    from: earlier(decided, first.recorded_at),
    to: nanosOf(last.recorded_at),
    attributes: {
      ...{
        'gen_ai.agent.id': textIn(first, 'actor'),
        'gen_ai.tool.name': first.topic,
        'gen_ai.tool.call.id': textIn(first, 'job_id'),
      },
      ...{
        'countersign.job.id': textIn(first, 'job_id'),
        'countersign.job.state': state,
        'countersign.tenant': first.tenant,
      },
      ...{
        'countersign.capability': textIn(first, 'capability'),
        'countersign.decision': stood?.decision,
        'countersign.rule.id': stood?.rule_id,
      },
      'countersign.owner': textIn(first, 'owner'),
    },
    error: FAILED.has(state) ? (textIn(last, 'code') ?? state) : null,
  };
}

/** From when the kernel said it to when it was committed. */
function decisionSpans(entry: ShownEntry, under: Under): Span[] {
  const { chain, seq, recorded_at } = entry;
  return decisionsIn(entry).map((decision, i) => ({
    ...under,
    span_id: stepSpan(`decide ${i}`, chain, seq),
    name: `decide ${decision.gate}`,
    kind: 1,
    from: earlier(decision.decided_at, recorded_at),
    to: nanosOf(recorded_at),
    attributes: ofDecision(decision),
    error: decision.decision === 'deny' ? 'deny' : null,
  }));
}

function ofDecision(decision: Decision): Attributes {
  return {
    ...{
      'countersign.gate': decision.gate,
      'countersign.decision': decision.decision,
      'countersign.rule.id': decision.rule_id,
    },
    ...{
      'countersign.policy.version': decision.policy_version,
      'countersign.policy.snapshot': decision.policy_snapshot,
    },
    ...{ 'countersign.decision.cached': decision.cached, 'countersign.decision.reason': decision.reason },
    'countersign.fail_mode': decision.fail_mode,
  };
}

/** From one state to the next, where a limit, a slot or a worker was not there at once. */
function waitSpans(entry: ShownEntry, entries: readonly ShownEntry[], under: Under): Span[] {
  const state = textIn(entry, 'state') ?? '';
  if (!Object.hasOwn(WAITS, state)) return [];
  const next = entries.find(({ seq, body }) => seq > entry.seq && typeof body.state === 'string');
  const [from, to] = [nanosOf(entry.recorded_at), nanosOf((next ?? entries.at(-1)!).recorded_at)];
  if (to <= from) return [];
  const attributes = { 'countersign.job.state': state, 'countersign.pool': textIn(entry, 'pool') };
  const span_id = stepSpan('wait', entry.chain, entry.seq);
  return [{ ...under, span_id, name: `wait ${WAITS[state]}`, kind: 1, from, to, attributes, error: null }];
}

/** From the question to its end; one that is still open when the job ends has none of its own. */
function questionSpans(opened: ShownEntry, entries: readonly ShownEntry[], under: Under): Span[] {
  if (opened.kind !== 'approval_opened') return [];
  const id = textIn(opened, 'approval_id');
  const about = entries.filter((entry) => entry.kind.startsWith('approval_') && textIn(entry, 'approval_id') === id);
  const closed = about.findLast(({ kind }) => /_(granted|refused|expired|voided|withdrawn)$/.test(kind));
  const state = closed?.kind.slice('approval_'.length) ?? 'open';
  const voters = about.filter(({ kind }) => kind === 'approval_voted').map((entry) => textIn(entry, 'voter') ?? '?');
  return [
    {
      ...under,
      span_id: stepSpan('approval', opened.chain, opened.seq),
      name: 'approval',
      kind: 1,
      from: nanosOf(opened.recorded_at),
      to: nanosOf((closed ?? entries.at(-1)!).recorded_at),
      attributes: {
        'countersign.approval.id': id,
        'countersign.approval.state': state,
        'countersign.approval.voters': voters,
      },
      error: state === 'granted' ? null : state,
    },
  ];
}

/** From the claim to the end that the worker measured, and from there to the end of the screening. */
function runSpans(claimed: ShownEntry, entries: readonly ShownEntry[], under: Under): Span[] {
  const dispatch_id = textIn(claimed, 'dispatch_id');
  if (claimed.kind !== 'job_running' || dispatch_id === null) return [];
  const after = entries.filter((entry) => entry.seq > claimed.seq && textIn(entry, 'dispatch_id') === dispatch_id);
  const ended = after.find(({ kind }) => /^(output_screened|attempt_lost|job_)/.test(kind)) ?? entries.at(-1)!;
  const screened = ended.kind === 'output_screened' ? ended : null;
  const [from, to] = [nanosOf(claimed.recorded_at), nanosOf(ended.recorded_at)];
  const took =
    typeof ended.body.duration_ms === 'number' ? BigInt(Math.round(ended.body.duration_ms)) * 1_000_000n : to - from;
  const stopped = from + took < to ? from + took : to;
  const status = textIn(ended, 'status');
  const run: Span = {
    ...under,
    span_id: runSpan(dispatch_id),
    name: `execute_tool ${claimed.topic}`,
    kind: 1,
    from,
    to: stopped,
    attributes: {
      ...{
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': claimed.topic,
        'gen_ai.tool.call.id': textIn(claimed, 'job_id'),
      },
      ...{ 'countersign.pool': textIn(claimed, 'pool'), 'countersign.worker': textIn(claimed, 'worker') },
      'countersign.attempt': claimed.body.attempt as number | undefined,
    },
    error: screened !== null && (status === null || status === 'succeeded') ? null : (status ?? ended.kind),
  };
  return screened === null ? [run] : [run, screening(screened, stopped, under)];
}

function screening(entry: ShownEntry, from: bigint, under: Under): Span {
  const decision = textIn(entry, 'output_decision');
  const types = [...new Set(findingsIn(entry).map(({ scanner, type }) => `${scanner}/${type}`))];
  return {
    ...under,
    span_id: stepSpan('screen', entry.chain, entry.seq),
    name: 'screen output',
    kind: 1,
    from,
    to: nanosOf(entry.recorded_at),
    attributes: {
      'countersign.decision': decision,
      'countersign.rule.id': textIn(entry, 'rule_id'),
      'countersign.findings': types,
    },
    error: decision === 'quarantine' ? 'quarantine' : null,
  };
}

/** What was screened and may be read. */
function releaseSpans(entries: readonly ShownEntry[], under: Under): Span[] {
  const last = entries.at(-1)!;
  const screened = entries.findLast(({ kind }) => kind === 'output_screened');
  if (last.body.released !== true || screened === undefined) return [];
  const [from, to] = [nanosOf(screened.recorded_at), nanosOf(last.recorded_at)];
  const attributes = { 'countersign.output.digest': textIn(last, 'output_digest') };
  return [
    {
      ...under,
      span_id: stepSpan('release', last.chain, last.seq),
      name: 'release',
      kind: 1,
      from,
      to,
      attributes,
      error: null,
    },
  ];
}

function earlier(decided: string | undefined, recorded: string): bigint {
  const at = nanosOf(recorded);
  const said = decided === undefined ? at : nanosOf(decided);
  if (said < at) return said;
  return at;
}
