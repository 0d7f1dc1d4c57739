/**
 * The validation runbook as a program: one request that is denied, one that people countersign, one that simply runs, each
 * simulated, submitted and looked up; what happens while nobody can decide; the counters; the ledger. It believes no answer
 * that another one could contradict.
 */
import { ApiError } from '@countersign/client/api-error';
import type { Client, Submitted } from '@countersign/client/create-client';
import type { JobRequestInput } from '@countersign/contracts/job';
import { count, DRILL_FORMAT, type DrillReport, type Found, Steps } from './drill-report.ts';
import { type Counters, keyOf } from './read-counters.ts';
import { type Exercise, stageExercise } from './stage-exercise.ts';

export type DrillCases = { deny: JobRequestInput; approval: JobRequestInput; allow: JobRequestInput };
export type Drill = {
  url: string;
  cases: DrillCases;
  agent: Client;
  /** Who countersigns, one after the other until it is enough. */
  approvers: readonly Client[];
  /** Null: the counters are not looked at. */
  counters: (() => Promise<Counters>) | null;
  /** Takes the policy kernel down and brings it back. Null: it is not tried. */
  outage: { begin(): Promise<void>; end(): Promise<void> } | null;
  /** What is expected then. */
  fail_mode: 'closed' | 'open';
  /** Null: the ledger is not verified. */
  verify: (() => Promise<Found>) | null;
  /** Left out: none is staged. */
  exercise?: Exercise;
  /** For how long a step waits for what takes a moment, in milliseconds. */
  patience_ms?: number;
  now?: () => Date;
};

type Case = keyof DrillCases;

const DECISIONS: Readonly<Record<Case, readonly string[]>> = {
  deny: ['deny'],
  approval: ['require_approval'],
  allow: ['allow', 'allow_with_constraints'],
};
const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;

export async function runDrill(drill: Drill): Promise<DrillReport> {
  const { url, agent, exercise, patience_ms = PATIENCE_MS, now = () => new Date() } = drill;
  const started_at = now().toISOString();
  const steps = new Steps();
  const before = await drill.counters?.().catch(() => null);
  for (const name of ['deny', 'approval', 'allow'] as const) await tryCase(drill, steps, name);
  await compareCounters(drill, steps, before ?? null);
  await tryOutage(drill, steps);
  if (exercise !== undefined) await stageExercise({ agent, exercise, patience_ms, now }, steps);
  await verifyLedger(drill, steps);
  const policy = await agent.policy().catch(() => null);
  const { done } = steps;
  return {
    format: DRILL_FORMAT,
    url,
    started_at,
    ended_at: now().toISOString(),
    policy: policy && { version: policy.version, snapshot: policy.snapshot, epoch: policy.epoch },
    passed: count(done, 'passed'),
    failed: count(done, 'failed'),
    skipped: count(done, 'skipped'),
    steps: done,
  };
}

async function tryCase(drill: Drill, steps: Steps, name: Case): Promise<void> {
  const { agent, cases } = drill;
  const request = cases[name];
  const wanted = DECISIONS[name];
  await steps.run({ name: `${name}: simulate`, expected: wanted.join(' or ') }, async () => {
    const { decision, rule_id } = await agent.simulate(request);
    return { ok: wanted.includes(decision), found: `${decision}, by ${rule_id ?? 'no rule'}` };
  });
  let job_id: string | undefined;
  await steps.run({ name: `${name}: submit`, expected: wanted.join(' or ') }, async () => {
    const submitted: Submitted = await agent.submit(request);
    job_id = submitted.job_id;
    return { ok: wanted.includes(submitted.decision), found: `${submitted.decision}, ${submitted.state}`, job_id };
  });
  if (job_id === undefined) return;
  if (name === 'approval') await countersign(drill, steps, job_id);
  await lookUp(drill, steps, name, job_id);
}

async function countersign(drill: Drill, steps: Steps, job_id: string): Promise<void> {
  const { agent, approvers } = drill;
  await steps.run({ name: 'approval: nobody who asked may vote', expected: 'refused' }, async () => {
    const { approval_id, digest } = await openApproval(drill, job_id);
    const code = await codeOf(agent.approve(approval_id, digest));
    return { ok: code === 'permission_missing' || code === 'approval_not_eligible', found: code, job_id };
  });
  await steps.run({ name: 'approval: people countersign', expected: 'granted' }, async () => {
    const { approval_id, digest } = await openApproval(drill, job_id);
    let state = 'open';
    for (const approver of approvers) {
      if (state !== 'open') break;
      state = (await approver.approve(approval_id, digest, 'countersign drill')).state;
    }
    return { ok: state === 'granted', found: `${state}, approval ${approval_id}`, job_id };
  });
}

async function lookUp(drill: Drill, steps: Steps, name: Case, job_id: string): Promise<void> {
  const { agent, patience_ms = PATIENCE_MS } = drill;
  const end = name === 'deny' ? 'denied' : 'succeeded';
  await steps.run({ name: `${name}: state`, expected: end }, async () => {
    const { state } = await agent.untilEnded(job_id, { signal: AbortSignal.timeout(patience_ms) });
    return { ok: state === end, found: state, job_id };
  });
  const gates = name === 'deny' ? ['submit'] : ['submit', 'dispatch', 'output'];
  await steps.run({ name: `${name}: decisions`, expected: `of the gates ${gates.join(', ')}` }, async () => {
    const decisions = (await agent.decisions(job_id)).toReversed();
    const found = [...new Set(decisions.map(({ gate }) => gate))];
    return { ok: found.join() === gates.join(), found: decisions.map(oneLine).join('; '), job_id };
  });
  await steps.run({ name: `${name}: record`, expected: 'complete, its chain verified' }, async () => {
    // What has just been recorded is sealed a moment later.
    const { missing, proof } = await until(
      drill,
      () => agent.record(job_id),
      ({ missing }) => missing.length === 0,
    );
    const ok = missing.length === 0 && proof.verified && proof.sealed;
    const whole = missing.length === 0 ? 'complete' : `without ${missing.join(', ')}`;
    return { ok, found: `${whole}, ${proof.entries} entries, ${proof.verified ? 'verified' : 'broken'}`, job_id };
  });
}

async function compareCounters(drill: Drill, steps: Steps, before: Counters | null): Promise<void> {
  const wanted = { name: 'counters moved', expected: 'deny, require_approval, and two jobs that succeeded' };
  const { counters } = drill;
  if (counters === null) return steps.skip(wanted, 'no address of metrics was given');
  await steps.run(wanted, async () => {
    if (before === null) return { ok: false, found: 'the metrics could not be read before' };
    const least: readonly [string, number][] = [
      [keyOf('decisions_total', { gate: 'submit', decision: 'deny' }), 1],
      [keyOf('decisions_total', { gate: 'submit', decision: 'require_approval' }), 1],
      [keyOf('jobs_ended_total', { state: 'succeeded' }), 2],
    ];
    const moved = (after: Counters) => least.map(([key]) => (after.get(key) ?? 0) - (before.get(key) ?? 0));
    const after = await until(drill, counters, (read) => moved(read).every((by, i) => by >= least[i]![1]));
    const by = moved(after);
    return {
      ok: by.every((each, i) => each >= least[i]![1]),
      found: least.map(([key], i) => `${key} +${by[i]}`).join('; '),
    };
  });
}

async function tryOutage(drill: Drill, steps: Steps): Promise<void> {
  const { agent, cases, outage, fail_mode } = drill;
  const said = fail_mode === 'closed' ? 'refused with policy_unavailable' : 'accepted, and marked as fail_mode open';
  const wanted = { name: 'policy kernel away', expected: said };
  const back = { name: 'policy kernel back', expected: 'decides again' };
  if (outage === null) {
    for (const each of [wanted, back]) steps.skip(each, 'no command that takes the kernel down was given');
    return;
  }
  await steps.run(wanted, async () => {
    await outage.begin();
    return fail_mode === 'closed' ? refusedWithout(agent, cases.allow) : markedWithout(agent, cases.allow);
  });
  await steps.run(back, async () => {
    await outage.end();
    const { decision } = await until(
      drill,
      () => agent.simulate(cases.allow).catch(() => ({ decision: 'nobody decides' })),
      (answer) => answer.decision !== 'nobody decides',
    );
    return { ok: DECISIONS.allow.includes(decision), found: decision };
  });
}

async function refusedWithout(agent: Client, request: JobRequestInput): Promise<Found> {
  const code = await codeOf(agent.submit(request));
  return { ok: code === 'policy_unavailable', found: code };
}

async function markedWithout(agent: Client, request: JobRequestInput): Promise<Found> {
  const { job_id, decision } = await agent.submit(request);
  const marked = (await agent.decisions(job_id)).some((each) => each.fail_mode === 'open');
  return { ok: marked, found: `${decision}, ${marked ? 'marked' : 'not marked'}`, job_id };
}

async function verifyLedger({ verify }: Drill, steps: Steps): Promise<void> {
  const wanted = { name: 'ledger verified', expected: 'holds, by its public key' };
  if (verify === null) return steps.skip(wanted, "no auditor's key and public key of the log were given");
  await steps.run(wanted, verify);
}

/** The hint that opens it may still be on its way. */
async function openApproval(drill: Drill, job_id: string) {
  const approval = await until(
    drill,
    async () => (await drill.approvers[0]!.approvals({ job_id })).approvals.find(({ state }) => state === 'open'),
    (found) => found !== undefined,
  );
  if (approval === undefined) throw new Error('no approval was opened');
  return approval;
}

/** The last answer, where none was as wanted in time. */
async function until<T>(
  { patience_ms = PATIENCE_MS }: Drill,
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
): Promise<T> {
  for (const end = Date.now() + patience_ms; ; ) {
    const answer = await ask();
    if (holds(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (thrown) {
    if (thrown instanceof ApiError) return thrown.code;
    throw thrown;
  }
}

function oneLine({ gate, decision, rule_id }: { gate: string; decision: string; rule_id: string | null }): string {
  return `${gate} ${decision}${rule_id === null ? '' : ` (${rule_id})`}`;
}
