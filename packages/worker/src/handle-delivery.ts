/**
 * Handles one delivered message: verify, claim, acknowledge, run, report. Nothing runs without a warrant that
 * was verified here and a claim that was granted, and no branch leaves the message neither answered nor given back.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { ClaimAnswer } from '@countersign/contracts/worker';
import type { StreamMessage } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import type { Logger } from '@countersign/platform/logger';
import { withinRun } from '@countersign/platform/trace';
import { claimAttempt } from './claim-attempt.ts';
import type { AskForClaim } from './claim-together.ts';
import type { HeldAttempts } from './held-attempts.ts';
import type { KeptResults } from './keep-results.ts';
import type { RefusalPause } from './pause-after-refusals.ts';
import { type RunArtifacts, runArtifacts } from './put-artifacts.ts';
import { runHandler } from './run-handler.ts';
import { type Trust, type Verified, verifyWarrant } from './verify-warrant.ts';
import type { Handle, WorkerOptions, WorkerSettings } from './worker-options.ts';

export type WorkerParts = {
  askForClaim: AskForClaim;
  held: HeldAttempts;
  results: KeptResults;
  settings: WorkerSettings;
  trust: Trust;
  handle: Handle;
  wanted: WorkerOptions['wanted'];
  pause: RefusalPause;
  log: Logger;
};

type Accepted = Extract<Verified, { ok: true }> & { traceparent: string };
type Refusal = Extract<Verified, { ok: false }>;
type Granted = { answer: Extract<ClaimAnswer, { outcome: 'granted' }>; claim_id: string; asked_at: number };

/** Resolves when the slot is free again. */
export async function handleDelivery(parts: WorkerParts, message: StreamMessage): Promise<void> {
  const verified = verifyWarrant(message, parts.trust, Math.floor(Date.now() / 1000));
  const [named, dispatch_id] = verified.ok
    ? [verified.traceparent, verified.claims.jti]
    : [undefined, verified.dispatch_id ?? ''];
  const traceparent = withinRun(named ?? message.traceparent, dispatch_id);
  parts.pause.heard(message.msg_id, verified.ok);
  if (!verified.ok) return refuse(parts, message, verified, traceparent);
  if (!isWanted(parts, message, verified)) return message.nak(LIMITS.redeliver_ms);
  const granted = await claim(parts, message, { ...verified, traceparent });
  if (granted !== null) await runClaimed(parts, { ...verified, traceparent }, granted);
}

function isWanted({ wanted }: WorkerParts, message: StreamMessage, verified: Extract<Verified, { ok: true }>): boolean {
  if (wanted === undefined) return true;
  const { claims, effective } = verified;
  const { subject, receipt } = message;
  const delivery = { subject, dispatch_id: claims.jti, message: Buffer.from(message.data).toString(), receipt };
  return wanted({ ...effective, attempt: claims.attempt, dispatch_id: claims.jti }, delivery);
}

/**
 * The refusal is evidence, so the message stays until the scheduler has heard it; one that names no attempt is nobody's.
 * The scheduler says whether another worker shall look at it.
 */
async function refuse(
  parts: WorkerParts,
  message: StreamMessage,
  refusal: Refusal,
  traceparent: string,
): Promise<void> {
  const { code, detail, dispatch_id } = refusal;
  parts.log.warn({ code, detail, dispatch_id }, 'a warrant was refused');
  if (dispatch_id === null) return message.term();
  const told = await claimAttempt({ askForClaim: parts.askForClaim, dispatch_id, traceparent }, { code });
  if (told === null) message.nak(LIMITS.redeliver_ms);
  else if (told.answer.outcome === 'wait') message.nak(told.answer.retry_ms);
  else message.ack();
}

async function claim(
  parts: WorkerParts,
  message: StreamMessage,
  { claims, traceparent }: Accepted,
): Promise<Granted | null> {
  const { askForClaim, log, results } = parts;
  const dispatch_id = claims.jti;
  const asked_at = monotonicMs();
  const claimed = await claimAttempt({ askForClaim, dispatch_id, traceparent });
  if (claimed === null) return nakMessage(message, LIMITS.redeliver_ms);
  const { answer, claim_id } = claimed;
  if (answer.outcome === 'wait') return nakMessage(message, answer.retry_ms);
  message.ack();
  if (answer.outcome === 'lost') {
    log.info({ dispatch_id, code: answer.code }, 'the claim was lost');
    return null;
  }
  if (`${answer.tenant}/${answer.job_id}` !== claims.sub || answer.attempt !== claims.attempt) {
    log.error({ dispatch_id }, 'the claim was granted for another attempt than the warrant names');
    return null;
  }
  if (results.isDisbelieved()) {
    // Said while the claim was under way. The attempt is lost with its lease, and another worker gets the next one.
    log.warn({ dispatch_id }, 'granted and not run: no result of this worker is believed');
    return null;
  }
  return { answer, claim_id, asked_at };
}

function nakMessage(message: StreamMessage, delay_ms: number): null {
  message.nak(delay_ms);
  return null;
}

async function runClaimed(
  parts: WorkerParts,
  accepted: Accepted,
  { answer, claim_id, asked_at }: Granted,
): Promise<void> {
  const { claims, effective, traceparent } = accepted;
  const { jti: dispatch_id, attempt } = claims;
  const { tenant, job_id, topic, constraints } = effective;
  const began = monotonicMs();
  let said: { affected?: number } = {};
  const reportAffected = (count: number): void => {
    if (!Number.isSafeInteger(count) || count < 0) throw new TypeError('affected is a whole number from 0 on');
    said = { affected: count };
  };
  let artifacts: RunArtifacts | undefined;
  const { pool, worker, signingKey, artifacts_url: url } = parts.settings;
  const run = runHandler((signal) => {
    const own = runArtifacts({ pool, worker, signingKey, url, claim: { dispatch_id, claim_id }, signal });
    artifacts = own;
    const context = { signal, constraints, traceparent, reportAffected, putArtifact: own.put };
    return parts.handle({ ...effective, attempt, dispatch_id }, context);
  }, answer);
  parts.held.hold(dispatch_id, { claim_id, lease_ms: answer.lease_ms, asked_at, abort: run.abort });
  const outcome = await run.outcome;
  parts.held.release(dispatch_id);
  if (outcome !== null) {
    const duration_ms = Math.round(monotonicMs() - began);
    const { worker } = parts.settings;
    const named = artifacts?.named() ?? [];
    const own = { ...said, ...(named.length > 0 && { artifacts: named }) };
    const result = { dispatch_id, claim_id, tenant, job_id, attempt, worker, duration_ms, ...own, ...outcome };
    parts.results.report(topic, result, traceparent);
  }
  await run.ended;
}
