/**
 * Answers workers' results: read, screened outside of any transaction, committed in shared ones. A worker hears `settled`
 * only after its outcome has committed; nothing of the content is logged, metered or published.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import {
  isFromOtherAccount,
  readForwardedResultSubject,
  readResultSubject,
  subjects,
} from '@countersign/contracts/subjects';
import {
  RESULT_CLAIM_HEADER,
  RESULTS_TOGETHER,
  type ResultAnswer,
  type ResultClaim,
  readResultClaim,
  type UnsignedResult,
} from '@countersign/contracts/worker';
import type { Message } from '@countersign/platform/nats-connection';
import type { Sealer } from '@countersign/platform/seal-content';
import type { ServiceContext } from '@countersign/platform/service';
import { type Settled as Answered, settleAll } from '@countersign/platform/settle-all';
import { openShares } from '@countersign/platform/shares';
import type { ActivePolicies, ActivePolicy } from './active-policies.ts';
import { type NamedArtifacts, withArtifacts } from './artifacts/judge-named.ts';
import type { CommitItem, Outcome } from './commit-item.ts';
import { commitResults } from './commit-results.ts';
import { type RefusedResult, readResult, readResults, type SignedResult } from './read-result.ts';
import type { Screen } from './screen-apart.ts';
import { openWaitedJobs, type WaitedJobs } from './waited-jobs.ts';
import { openWorkerKeys } from './worker-keys.ts';

type Context = Pick<ServiceContext<unknown>, 'database' | 'bus' | 'metrics' | 'log'>;
type Settled = Exclude<Outcome, { kind: 'moved' }>;
type Parts = { screen: Screen; policies: ActivePolicies; named: JudgeNamed; commit: Commit };
/** Throws an outage while they are being screened. */
type JudgeNamed = (result: UnsignedResult, policy: ActivePolicy) => Promise<NamedArtifacts | null>;
type Commit = (item: CommitItem) => Promise<Outcome>;

/** The server lets a worker ask only under its own pool and name, and only ingress may hand on. */
export function mayAnswer({ subject, reply }: Pick<Message, 'subject' | 'reply'>): boolean {
  if (isForwarded(subject)) return reply?.startsWith(`${subjects.inbox('ingress')}.`) === true;
  return isFromOtherAccount(reply) && readResultSubject(subject) !== null;
}

/** Of a worker over HTTP. Until its signature is verified it is only ingress' word, and ends or records nothing. */
function isForwarded(subject: string): boolean {
  return readForwardedResultSubject(subject) !== null;
}

export function receiveResults(
  context: Context,
  { sealer, ...parts }: Omit<Parts, 'commit'> & { sealer: Sealer },
): (message: Message) => Promise<ResultAnswer | { answers: Answered<ResultAnswer>[] }> {
  const keys = openWorkerKeys(context.database);
  const commit = commitResults(context.database, sealer);
  const shares = openShares(LIMITS.received_result_bytes);
  const waits = openWaitedJobs(context.bus);

  const settle = async (
    message: Message,
    claim: ResultClaim,
    read: SignedResult | RefusedResult,
  ): Promise<{ outcome: Settled; code: string | null }> => {
    if (read.ok) return { outcome: await screenAndCommit(read, { ...parts, commit }), code: null };
    const { from, code } = read;
    if (isForwarded(message.subject)) return { outcome: { kind: 'refused', code }, code };
    const item: CommitItem = read.unread
      ? { kind: 'unread', from, ...claim, code, data: message.data }
      : { kind: 'refused', from, dispatch_id: claim.dispatch_id, code };
    return { outcome: (await commit(item)) as Settled, code };
  };

  const answer = async (
    message: Message,
    claim: ResultClaim,
    read: SignedResult | RefusedResult,
  ): Promise<ResultAnswer> => {
    const { outcome, code } = await settle(message, claim, read);
    report({ ...context, waits }, message.subject, outcome, code);
    if (outcome.kind === 'refused') return { ...claim, outcome: 'refused', code: outcome.code };
    return { ...claim, outcome: 'settled', code };
  };
  const guarded = <T>({ subject }: Message, work: Promise<T>): Promise<T> =>
    work.catch((thrown: unknown) => {
      throw withoutContent(context, subject, thrown);
    });

  /** Throws an outage, and then the worker asks again: it is told nothing that has not committed. */
  return async (message) => {
    const header = message.headers.get(RESULT_CLAIM_HEADER);
    const claim = readResultClaim(header);
    if (claim === null && header !== RESULTS_TOGETHER)
      throw new CountersignError('field_invalid', undefined, { at: RESULT_CLAIM_HEADER });
    const from = readResultSubject(message.subject) ?? readForwardedResultSubject(message.subject);
    const leave = shares.take([from?.pool ?? '', from?.worker ?? ''], message.data.length);
    try {
      if (claim !== null)
        return await guarded(
          message,
          readResult(message, claim, keys).then((read) => answer(message, claim, read)),
        );
      const all = await guarded(message, readResults(message, keys));
      return { answers: await settleAll(all.map((one) => guarded(message, answer(message, one.claim, one.read)))) };
    } finally {
      leave();
    }
  };
}

/** Again, while the policy changes between screening and commit; then the message waits. */
async function screenAndCommit(read: SignedResult, { screen, policies, named, commit }: Parts): Promise<Settled> {
  const { from, result, output_text } = read;
  let capability: string | null = null;
  for (let round = 0; round < LIMITS.screenings; round += 1) {
    const policy = await (result.artifacts === undefined ? policies.of(from.tenant) : policies.fresh(from.tenant));
    const subject = { output: result.output, text: output_text, tenant: from.tenant, topic: from.topic, capability };
    const artifacts = await named(result, policy);
    const screening = withArtifacts(await screen.screen(policy.compiled, subject), artifacts);
    const outcome = await commit({
      kind: 'screened',
      from,
      result,
      output_text,
      screening,
      policy,
      capability,
      artifacts,
    });
    if (outcome.kind !== 'moved') return outcome;
    capability = outcome.capability;
    policies.forget(from.tenant, policy);
  }
  throw new CountersignError('epoch_stale');
}

/** `unread`: why nothing of it could be read. */
function report(
  { bus, metrics, log, waits }: Context & { waits: WaitedJobs },
  subject: string,
  outcome: Settled,
  unread: string | null,
): void {
  if (outcome.kind === 'duplicate') return;
  const code = outcome.kind === 'refused' ? outcome.code : unread;
  if (code !== null) {
    metrics.count('results_rejected_total', { code });
    log.warn({ subject, code }, 'a result was refused');
  }
  if (outcome.kind === 'refused') return;
  const { tenant, job_id, dispatch_id, output_decision } = outcome.row;
  metrics.count(`output_policy_${output_decision}_total`);
  if (outcome.fail_mode === 'open') metrics.count('output_fail_open_total');
  const ended = outcome.kind === 'ended';
  const waited = waits.has({ tenant, job_id });
  if (ended) metrics.count('jobs_ended_total', { state: 'succeeded' });
  if (ended && waited) bus.hint(subjects.ended(), { tenant, job_id });
  // Nobody waits for the slot that it left: nobody need hear of it.
  if (ended && !outcome.waited_for) return;
  // A hint that gets lost costs time only: the scheduler's sweep reads `output.outcomes`.
  const keys = { tenant, job_id, dispatch_id };
  bus.hint(subjects.screened(tenant, outcome.topic), !ended && waited ? { ...keys, waited } : keys);
}

function withoutContent({ log }: Context, subject: string, thrown: unknown): CountersignError {
  const known = thrown instanceof CountersignError ? thrown : new CountersignError('internal');
  const fields = { subject, code: known.code };
  if (known === thrown) log.warn(fields, 'a result waits');
  else log.error({ ...fields, ...placeOf(thrown) }, 'a result waits');
  return known;
}

/** Where it was thrown and not what it says: a driver's or a parser's message may quote the content. */
function placeOf(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return {};
  const frames = thrown.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const { code } = thrown as { code?: unknown };
  return {
    error: thrown.name,
    stack: frames?.slice(0, 5).join('\n'),
    ...(typeof code === 'string' ? { cause: code } : {}),
  };
}
