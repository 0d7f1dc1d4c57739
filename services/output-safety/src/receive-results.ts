/**
 * Takes results off the stream: read, screened outside of any transaction, committed in shared ones. A message is given
 * up only after its outcome has committed; nothing of its content is logged, metered or published.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CountersignError, ERRORS } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import type { StreamMessage } from '@countersign/platform/bus';
import { errorFields } from '@countersign/platform/logger';
import type { ServiceContext } from '@countersign/platform/service';
import { childOf } from '@countersign/platform/trace';
import { type ActivePolicies, openActivePolicies } from './active-policies.ts';
import { type CommitItem, commitResults, type Outcome } from './commit-results.ts';
import { readResult, type SignedResult } from './read-result.ts';
import { screenOutput } from './screen-output.ts';
import type { Sealer } from './seal-output.ts';
import { openWorkerKeys } from './worker-keys.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics' | 'log'>;
type Settled = Exclude<Outcome, { kind: 'moved' }>;
type Commit = (item: CommitItem) => Promise<Outcome>;

export const receiveResults = (context: Context, sealer: Sealer): ((messages: StreamMessage[]) => Promise<void>) => {
  const keys = openWorkerKeys(context.database);
  const policies = openActivePolicies(context.database);
  const commit = commitResults(context.database, sealer);

  const settle = async (message: StreamMessage): Promise<Settled> => {
    const read = await readResult(message, keys);
    if (read.ok) return screenAndCommit(read, policies, commit);
    const { from, dispatch_id, code } = read;
    if (from === null || dispatch_id === null) return { kind: 'refused', code };
    const outcome = await commit({ kind: 'refused', from, dispatch_id, code });
    return outcome as Settled;
  };

  const receive = async (message: StreamMessage): Promise<void> => {
    try {
      const outcome = await settle(message);
      await report(context, message.subject, outcome);
      message.ack();
    } catch (thrown) {
      giveBack(context, message, thrown);
    }
  };
  return async (messages) => void (await Promise.all(messages.map(receive)));
};

/** Again, while the policy changes between screening and commit; then the message waits. */
const screenAndCommit = async (read: SignedResult, policies: ActivePolicies, commit: Commit): Promise<Settled> => {
  const { from, result, output_text } = read;
  let capability: string | null = null;
  for (let round = 0; round < LIMITS.screenings; round += 1) {
    const policy = await policies.of(from.tenant);
    // A long scan lets others have a turn first: health checks, pings, small results.
    if (output_text.length > LIMITS.inline_scan_bytes) await nextTurn();
    const subject = { output: result.output, text: output_text, tenant: from.tenant, topic: from.topic, capability };
    const screening = screenOutput(policy.compiled, subject);
    const outcome = await commit({ kind: 'screened', from, result, output_text, screening, policy, capability });
    if (outcome.kind !== 'moved') return outcome;
    capability = outcome.capability;
    policies.forget(from.tenant, policy);
  }
  throw new CountersignError('epoch_stale');
};

const report = async ({ bus, metrics, log }: Context, subject: string, outcome: Settled): Promise<void> => {
  if (outcome.kind === 'duplicate') return;
  if (outcome.kind === 'refused') {
    metrics.count('results_rejected_total', { code: outcome.code });
    log.warn({ subject, code: outcome.code }, 'a result was refused');
    return;
  }
  const { tenant, job_id, dispatch_id, output_decision, traceparent } = outcome.row;
  metrics.count(`output_policy_${output_decision}_total`);
  if (outcome.fail_mode === 'open') metrics.count('output_fail_open_total');
  const wakeUp = bus.publish(
    subjects.screened(tenant, outcome.topic),
    { tenant, job_id, dispatch_id },
    { traceparent: childOf(traceparent) },
  );
  // A wake-up that gets lost costs time only: the scheduler's sweep reads `output.outcomes`.
  await wakeUp.catch((thrown) =>
    log.warn({ ...errorFields(thrown), tenant, job_id }, 'a wake-up is left to the sweep'),
  );
};

const giveBack = ({ log }: Context, message: StreamMessage, thrown: unknown): void => {
  const code = thrown instanceof CountersignError ? thrown.code : 'internal';
  const fields = { subject: message.subject, code };
  if (code === 'internal') log.error({ ...fields, ...placeOf(thrown) }, 'a result goes back to its stream');
  else log.warn(fields, 'a result goes back to its stream');
  if (ERRORS[code].on_stream === 'nak') message.nak(LIMITS.sweep_ms);
  else message.term();
};

/** Where it was thrown and not what it says: a driver's or a parser's message may quote the content. */
const placeOf = (thrown: unknown): Record<string, unknown> => {
  if (!(thrown instanceof Error)) return {};
  const frames = thrown.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const { code } = thrown as { code?: unknown };
  return {
    error: thrown.name,
    stack: frames?.slice(0, 5).join('\n'),
    ...(typeof code === 'string' ? { cause: code } : {}),
  };
};
