/**
 * Calls of a host as jobs: the plane decides and claims, the host runs, and its report is the job's result. What the host runs without an
 * `allow` nobody here can stop; its output is withheld, and a job that still waits for people is ended and says why.
 */
import type { Gate, LocalResult, Outcome } from '@countersign/adapter-core/gate';
import type { Client } from '@countersign/client/create-client';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { errorFields, type Logger } from '@countersign/platform/logger';
import { allowWith, type Decision, deny, refusalOf, resultDecision, type Settled } from './decisions.ts';
import type { GuardianFile } from './guardian-file.ts';
import type { AcsCall, AcsResult } from './read-call.ts';
import type { Requests } from './requests.ts';

/** Of the step: which session, what the host calls its agent, and the chain's head with this step in it. */
export type Step = { session_id: string; agent_id: string; head: string };
/** `reports`: the host said that it tells what came of its calls. */
type CallStep = Step & { reports: boolean };

export type JudgeParts = {
  file: Pick<GuardianFile, 'pending' | 'modify' | 'wait_ms'>;
  gate: Gate;
  requests: Pick<Requests, 'callOf'>;
  client: Pick<Client, 'cancel'>;
  log: Logger;
};
export type Judge = {
  /** `hostGone` aborts when nobody is left to hear the answer: then nothing may run. */
  call(step: CallStep, call: AcsCall, hostGone: AbortSignal): Promise<Decision>;
  result(step: Step, result: AcsResult): Promise<Decision>;
  /** An event that has no result: decided, and ended at once. `output` passes the barrier. */
  event(step: Step, call: AcsCall, output: unknown, hostGone: AbortSignal): Promise<Decision>;
  /** The session is over: what was not reported by now never will be. */
  leave(session_id: string): void;
};

/** Milliseconds beyond `wait_ms` after which a decision is late; hosts are told 2 s more. */
export const LATE_MS = 2_000;
const REMEMBERED = 1_000;

type RunHere = Extract<Outcome, { kind: 'run_here' }>;
type Running = { session_id: string; tool: string; finish: RunHere['finish'] };

export function judgeCalls({ file, gate, requests, client, log }: JudgeParts): Judge {
  const running = new Map<string, Running>();
  const held = new Map<string, string>();
  const late = file.wait_ms + LATE_MS;

  const ask = (step: Step, call: AcsCall, hostGone: AbortSignal): Promise<Outcome> => {
    const { session_id, agent_id: acs_agent, head: acs_chain } = step;
    const asked = requests.callOf(session_id, call, { acs_agent, acs_chain });
    const giveUp = AbortSignal.any([hostGone, AbortSignal.timeout(late)]);
    return beforeLate(giveUp, (signal) => gate({ ...asked, wait_ms: file.wait_ms, signal }));
  };
  const refuse = (step: Step, { key }: AcsCall, outcome: Settled): Decision => {
    if (outcome.kind === 'pending') remember(held, `${step.session_id} ${key}`, outcome.job_id);
    if (outcome.kind === 'pending' && file.pending !== 'ask')
      log.warn({ job_id: outcome.job_id }, 'held: the host is told no');
    return refusalOf(outcome, file.pending, Date.now());
  };
  const judge = async (
    step: Step,
    call: AcsCall,
    hostGone: AbortSignal,
    then: (claimed: RunHere) => Promise<Decision>,
  ) => {
    try {
      const outcome = await ask(step, call, hostGone);
      return outcome.kind === 'run_here' ? await then(outcome) : refuse(step, call, outcome);
    } catch (thrown) {
      log.warn(errorFields(thrown), 'a decision failed or was late');
      return deny('decision_failed', 'Nothing was decided in time, so it may not run.');
    }
  };

  return {
    call: (step, call, hostGone) =>
      judge(step, call, hostGone, async (claimed) => {
        const decision = allowWith(call.input, claimed.input, file.modify);
        if (decision === null || hostGone.aborted) {
          log.warn({ job_id: claimed.job_id }, 'allowed, and the host cannot run it so');
          void claimed.finish(notRun(decision === null ? 'modify_unsupported' : 'host_gone'));
          return deny('modify_unsupported', 'The policy changed the arguments, and this host cannot run it so.');
        }
        const key = `${step.session_id} ${call.key}`;
        if (step.reports) running.set(key, { session_id: step.session_id, tool: call.tool, finish: claimed.finish });
        else void claimed.finish(NOT_REPORTED);
        claimed.signal.addEventListener('abort', () => running.delete(key));
        return { ...decision, policy_data: { countersign: { job_id: claimed.job_id } } };
      }),

    async result(step, { ref, tool, output, failed }) {
      const key = ref === null ? onlyOne(running, step.session_id, tool) : `${step.session_id} ${ref}`;
      const one = key === null ? undefined : running.get(key);
      if (key === null || one === undefined) {
        await tellOfUnallowed(client, log, key === null ? undefined : held.get(key));
        return deny('not_allowed', 'The output is not shown: no call that was allowed belongs to it.');
      }
      running.delete(key);
      const reported: LocalResult = failed ? { error: { code: 'tool_failed', detail: textOf(output) } } : { output };
      const outcome = await inTime(one.finish(reported), late);
      if (outcome.kind === 'unknown')
        return deny('output_not_released', 'The output is not shown: it was not released.');
      return resultDecision(failed ? reported : output, outcome, file.modify);
    },

    event: (step, call, output, hostGone) =>
      judge(step, call, hostGone, async (claimed) => {
        const asked = { output };
        const same = canonicalize(claimed.input) === canonicalize(call.input);
        const outcome = await inTime(claimed.finish(same ? asked : notRun('modify_unsupported')), late);
        if (!same)
          return deny('modify_unsupported', 'The policy changed what the event says, and no host can take that.');
        return outcome.kind === 'unknown'
          ? deny('output_not_released', 'It was not released in time.')
          : resultDecision(output, outcome, file.modify);
      }),

    leave(session_id) {
      for (const [key, one] of running) {
        if (one.session_id !== session_id) continue;
        running.delete(key);
        void one.finish(NOT_REPORTED);
      }
    },
  };
}

/** Only what was not decided is given up: the host's connection ends with each answer. A claim that comes too late ends as not run. */
async function beforeLate(giveUp: AbortSignal, ask: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  const asking = new AbortController();
  const gone = Promise.withResolvers<never>();
  const end = (): void => {
    asking.abort(giveUp.reason);
    gone.reject(giveUp.reason);
  };
  giveUp.addEventListener('abort', end, { once: true });
  if (giveUp.aborted) end();
  const asked = ask(asking.signal);
  try {
    return await Promise.race([asked, gone.promise]);
  } finally {
    giveUp.removeEventListener('abort', end);
    if (asking.signal.aborted) void asked.then(endUnrun, () => undefined);
  }
}

function endUnrun(outcome: Outcome): void {
  if (outcome.kind === 'run_here') void outcome.finish(notRun('decision_late'));
}

/** What is not released by then is not shown: the host would not wait for it. */
function inTime(released: Promise<Settled>, ms: number): Promise<Settled> {
  const { promise, resolve } = Promise.withResolvers<Settled>();
  const timer = setTimeout(() => resolve({ kind: 'unknown', job_id: '' }), ms);
  released.then(resolve, () => resolve({ kind: 'unknown', job_id: '' })).finally(() => clearTimeout(timer));
  return promise;
}

async function tellOfUnallowed(client: JudgeParts['client'], log: Logger, job_id: string | undefined): Promise<void> {
  log.error({ job_id }, 'the host reports a call that was not allowed');
  if (job_id === undefined) return;
  await client.cancel(job_id, 'the host reports that it ran this without being allowed').catch((thrown: unknown) => {
    log.warn(errorFields(thrown), 'the job could not be ended');
  });
}

/** It was allowed, and may have run: a job that takes up its slot tells nobody more. */
const NOT_REPORTED: LocalResult = { error: { code: 'not_reported', detail: 'the host did not say what came of it' } };

function notRun(code: string): LocalResult {
  return { error: { code, detail: 'the host was told no, so it was not run' } };
}

/** Where the host names no call: the only one of this tool that runs in the session. */
function onlyOne(running: Map<string, Running>, session_id: string, tool: string): string | null {
  const keys = [...running].filter(([, one]) => one.session_id === session_id && one.tool === tool).map(([key]) => key);
  return keys.length === 1 ? keys[0]! : null;
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output);
}

function remember(map: Map<string, string>, key: string, value: string): void {
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!);
}
