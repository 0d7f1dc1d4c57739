/** What an export says of erasures: whatever was erased that was to be kept is named, and nothing else is. */
import { LIMITS } from '@countersign/contracts/limits';
import { Rederivation } from '@countersign/ledger/rederive';
import { expect, it } from 'vitest';
import { exportOf, history, logOf, type Step, verify } from './log-history.ts';

type Body = Record<string, unknown>;

const DAY_US = 86_400_000_000;
const KEEP_MS = LIMITS.keep_days * 86_400_000;
const T0_US = 1_700_000_000_000_000;
const LATER_US = T0_US + (LIMITS.keep_days + 1) * DAY_US;

function content(kind: string, body: Body): Step {
  const by = kind === 'outputs_erased' ? 'output_safety' : 'scheduler';
  return { chain: 'content:acme', kind, by, tenant: 'acme', body: { tenant: 'acme', ...body } };
}

/** Jobs of this history: `straight` and `careful` of `bot`, both ended. */
function jobs(change: Body = {}): Step[] {
  return history().map((step) => ({ ...step, body: { ...step.body, ...change } }));
}

function hold(hold_id: string, body: Body): Step {
  return content('hold_set', { hold_id, ...body });
}

const lifted = content('hold_lifted', { hold_id: 'h' });
const aged = (body: Body = {}): Step =>
  content('payloads_erased', {
    ...{ content: 'payloads', why: 'retention', keep_ms: KEEP_MS, count: 1, job_ids: ['straight'] },
    ...body,
  });
const asked = (body: Body): Step => content('erasure_asked', { erasure_id: 'e', job_id: null, subject: null, ...body });
const onRequest = (body: Body = {}): Step => aged({ why: 'request', keep_ms: KEEP_MS, erasure_id: 'e', ...body });
const kept = (days: number): Step => content('retention_set', { content: 'payloads', days });
const window = (from_us: number, until_us: number): Step =>
  hold('h', { kind: 'window', target: null, from: instant(from_us), until: instant(until_us) });

function instant(us: number): string {
  return new Date(us / 1000).toISOString();
}

/** Jobs at `T0_US`, whatever was said about content at `later`. */
function faultsOf(said: readonly Step[], later = LATER_US, change: Body = {}): string[] {
  const derived = new Rederivation();
  for (const { chain, kind, tenant, body } of jobs(change)) derived.take({ chain, kind, tenant, time_us: T0_US }, body);
  return said.flatMap(({ chain, kind, tenant, body }) => derived.take({ chain, kind, tenant, time_us: later }, body));
}

const RUN = { run: 'r1' };
const BEHIND = { on_behalf_of: 'carla desk/olga' };
it.each<[string, string, Step[], Body?]>([
  ['a job', 'erased_under_hold', [hold('h', { kind: 'job', target: 'straight' }), aged()]],
  ['a run', 'erased_under_hold', [hold('h', { kind: 'run', target: 'r1' }), aged()], RUN],
  ['an agent', 'erased_under_hold', [hold('h', { kind: 'agent', target: 'bot' }), aged()]],
  ['a person behind it', 'erased_under_hold', [hold('h', { kind: 'agent', target: 'carla' }), aged()], BEHIND],
  ['a window', 'erased_under_hold', [window(T0_US - DAY_US, T0_US + DAY_US), aged()]],
  ['one of two holds', 'erased_under_hold', [hold('h', { kind: 'job', target: 'straight' }), hold('i', RUN), aged()]],
  [
    'a job, on request',
    'erased_under_hold',
    [hold('h', { kind: 'job', target: 'straight' }), asked({ job_id: 'straight' }), onRequest()],
  ],
  [
    'a job, discarded',
    'erased_under_hold',
    [
      hold('h', { kind: 'job', target: 'careful' }),
      { chain: 'job:acme:careful', kind: 'quarantine_opened', by: '', tenant: 'acme', body: { reviewer: 'rita' } },
      { chain: 'job:acme:careful', kind: 'quarantine_discarded', by: '', tenant: 'acme', body: { reviewer: 'rita' } },
    ],
  ],
  ['nothing, of a job that is none', 'erased_before_its_end', [aged({ job_ids: ['straight', 'none'] })]],
  ['nothing, for less than its tenant says', 'erased_early', [kept(400), aged()]],
  ['nothing, for less than its tenant says, by a lie', 'erased_early', [kept(400), aged({ keep_ms: KEEP_MS * 3 })]],
  ['nothing, for less than the default, which nobody changed', 'erased_early', [aged({ keep_ms: 1 })]],
  ['nothing, asked by nobody', 'erased_unasked', [onRequest()]],
  ['nothing, asked for another job', 'erased_unasked', [asked({ job_id: 'careful' }), onRequest()]],
  ['nothing, asked for another person', 'erased_unasked', [asked({ subject: 'erna' }), onRequest()]],
])('kept by %s: %s', (_, code, said, change) => {
  expect(faultsOf(said, LATER_US, change)).toContain(code);
});

it.each<[string, Step[], Body?]>([
  ['old enough', [aged(), aged({ content: 'results' })]],
  ['old enough for its tenant', [kept(7), aged({ keep_ms: 7 * 86_400_000 })]],
  ['asked for', [asked({ job_id: 'straight' }), onRequest()]],
  ['of who asked', [asked({ subject: 'bot' }), onRequest()]],
  ['of a person behind it', [asked({ subject: 'carla' }), onRequest()], BEHIND],
  ['once held', [hold('h', { kind: 'job', target: 'straight' }), lifted, aged()]],
  [
    'beside what is held',
    [hold('h', { kind: 'job', target: 'careful' }), hold('i', { kind: 'run', target: 'r2' }), aged()],
  ],
  [
    'before a window, or after',
    [window(T0_US + DAY_US, LATER_US), hold('i', { kind: 'agent', target: 'eve' }), aged()],
  ],
])('%s: it may go', (_, said, change) => {
  expect(faultsOf(said, LATER_US, change)).toEqual([]);
});

it('of a job that ended only now', () => {
  expect(faultsOf([aged()], T0_US + DAY_US)).toEqual(['erased_early']);
});

it('the first bad entry is named by the verifier, in the log of everybody and in that of its tenant', () => {
  const steps = [
    ...history(),
    hold('h', { kind: 'job', target: 'straight' }),
    asked({ job_id: 'straight' }),
    onRequest(),
  ];
  const entries = logOf(steps);
  const named = { code: 'erased_under_hold', at: `leaf ${steps.length - 1}, content:acme#3` };
  expect(verify(exportOf(entries)).faults).toEqual([named]);
  const own = entries.filter(({ tenant }) => tenant === 'acme');
  expect(verify({ ...exportOf(entries), entries: own }, { selection: true }).faults).toContainEqual(named);
});
