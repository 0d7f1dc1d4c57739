/** Table of contents of the scheduler: may this job run now, where, and what state is it in. */

import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { instant } from '@countersign/contracts/names';
import { hintsTo } from '@countersign/contracts/streams';
import { readWorkerSubject, stageOf, subjects } from '@countersign/contracts/subjects';
import type { ClaimAnswer } from '@countersign/contracts/worker';
import { decisionSealKeys } from '@countersign/platform/decision-seal-keys';
import { endsSometime, NEEDS_END } from '@countersign/platform/fail-mode';
import { groupCommit } from '@countersign/platform/group-commit';
import { defineService } from '@countersign/platform/service';
import { settleAll } from '@countersign/platform/settle-all';
import { z } from 'zod';
import { admitJobs } from './admit/admit-jobs.ts';
import { type AgendaSweeps, followAgenda } from './agenda.ts';
import { answerBeat } from './claim/answer-beat.ts';
import { answerHello } from './claim/answer-hello.ts';
import { claimAttempts } from './claim/claim-attempts.ts';
import type { Claim } from './claim/plan-claims.ts';
import { openKnownReaders } from './claim/store-readers.ts';
import { listWorkerUses, openWorkerUses } from './claim/store-worker-uses.ts';
import { openWorkerDoor } from './claim/worker-door.ts';
import { dispatchJobs } from './dispatch/dispatch-jobs.ts';
import { ownPools } from './dispatch/own-pools.ts';
import { republishAttempts } from './dispatch/republish-attempts.ts';
import { createWarrantSigner } from './dispatch/sign-warrant.ts';
import { dispatchIdOf, endScreened, sweepScreened, waitedJobOf } from './finish/end-jobs.ts';
import { serveFollowUps } from './follow/serve-follow-ups.ts';
import { applyApprovals } from './hold/apply-approvals.ts';
import { renewHolds } from './hold/renew-holds.ts';
import { openControlMemory } from './known-control.ts';
import { admitParked } from './limits/admit-parked.ts';
import { forgetCounted } from './limits/store-limits.ts';
import { serveRetention } from './retention/serve-retention.ts';
import { erasePayloads } from './retention/store-erased.ts';
import { listAsked, listOld } from './retention/store-listed.ts';
import { sweepAttempts } from './retry/sweep-attempts.ts';
import { sweepDeadlines } from './retry/sweep-deadlines.ts';
import type { SchedulerContext } from './scheduler-context.ts';
import { cancelJob } from './view/cancel-job.ts';
import { countWaiting } from './view/count-waiting.ts';
import { listJobs, showJob } from './view/read-jobs.ts';
import { endExpiredStops, serveStops } from './view/serve-stops.ts';

export const scheduler = defineService({
  name: 'scheduler',
  config: z
    .object({
      /** PKCS#8 PEM of the Ed25519 key that signs warrants; workers pin its public half. */
      WARRANT_KEY: z.string().includes('BEGIN PRIVATE KEY', { message: 'must be a PKCS#8 PEM' }),
      /** The policy kernel's: 1 to 4 keys of 32 bytes, base64url, by commas. A decision sealed under any of them is the kernel's. */
      DECISION_SEAL_KEYS: decisionSealKeys,
      /** While the kernel is out of reach: `closed` dispatches nothing, `open` what the submit gate allowed under the same policy. */
      FAIL_MODE: z.enum(['closed', 'open']).default('closed'),
      /** Jobs of one tenant that may wait (parked, held, cleared) before its submissions are told to come again. */
      TENANT_WAITING: z.coerce.number().int().min(1).default(100_000),
      /** RFC 3339 in UTC: when `open` ends by itself. */
      FAIL_OPEN_UNTIL: instant.optional(),
    })
    .refine(endsSometime, NEEDS_END),
  metrics: [
    'attempts_lost_total',
    'content_erased_total',
    'content_sweeps_total',
    'decisions_total',
    'dispatch_fail_open_total',
    'jobs_admitted_total',
    'jobs_ended_total',
  ],
  functions: [
    'ledger.append',
    'control.gate_since',
    'control.known',
    'control.set_switch',
    'control.stops',
    'control.stops_due',
    'control.end_expired',
    'approval.redeem_all',
    'scheduler.kept_by',
    'scheduler.take_erasable',
  ],
  async start(context) {
    await ownPools(context);
    const dispatch = context.sweep('dispatch', null, () => dispatchJobs(shared));
    const approvals = context.sweep('approvals', null, () => applyApprovals(shared));
    const shared: SchedulerContext = {
      ...context,
      warrants: createWarrantSigner(context.config.WARRANT_KEY),
      known: { epochs: new Map(), rooms: new Map(), crowded: new Set(), waits: false },
      control: openControlMemory(context.database),
      workers: openWorkerUses(),
      readers: openKnownReaders(),
      nudgeDispatch: () => dispatch.nudge(),
    };
    const renewals = context.sweep('renew holds', null, () => renewHolds(shared));
    const sweeps: AgendaSweeps = {
      cleared: dispatch,
      held: approvals,
      outdated: renewals,
      under_way: context.sweep('end', null, () => sweepScreened(shared)),
      unclaimed: context.sweep('republish', null, () => republishAttempts(shared)),
      lost: context.sweep('attempts', null, () => sweepAttempts(shared)),
      stops_due: context.sweep('expired stops', null, () => endExpiredStops(context)),
      overdue: context.sweep('deadlines', null, () => sweepDeadlines(shared)),
      parked: context.sweep('parked', null, () => admitParked(shared)),
      waits: {
        nudge: () => {
          shared.known.waits = true;
          dispatch.nudge();
        },
      },
    };
    context.sweep('agenda', LIMITS.sweep_ms, () => followAgenda(shared, sweeps));
    context.sweep('waiting', 5_000, () => countWaiting(shared));
    context.sweep('worker uses', 60_000, () => shared.workers.keep(context.database));
    context.sweep('workers seen', 10_000, async () => {
      await shared.workers.keepSeen(context.database);
      await shared.readers.learn(context.database);
    });
    context.sweep('forget', 60_000, () => forgetCounted(context.database));

    const erasing = context.sweep('erase payloads', LIMITS.erase_ms, async () => {
      const more = [await listAsked(context.database), await erasePayloads(context)];
      if (more.includes(true)) erasing.nudge();
    });
    const old = context.sweep('old content', LIMITS.retention_ms, async () => {
      if (await listOld(context.database)) old.nudge();
    });
    serveRetention(context, () => erasing.nudge());

    const { bus } = context;
    const seen = (subject: string) => {
      const who = workerOf(subject);
      shared.workers.see(who);
      return who;
    };
    const admit = groupCommit<AdmitItem, Admitted>({
      whose: ({ request }) => request.tenant ?? '',
      run: (items) => admitJobs(shared, items),
    });
    const claim = groupCommit<Claim, ClaimAnswer>({
      whose: ({ pool }) => pool,
      run: (items) => claimAttempts(shared, items),
    });
    bus.serve('scheduler.admit', async ({ items }) => ({ answers: await settleAll(items.map((item) => admit(item))) }));
    bus.serve('scheduler.worker_uses', () => listWorkerUses(context.database));
    bus.serve('scheduler.claim', async ({ items }, { subject }) => ({
      answers: await settleAll(items.map((item) => claim({ ...item, ...seen(subject) }))),
    }));
    bus.serve('scheduler.beat', async (request, { subject }) => answerBeat(shared, seen(subject), request));
    bus.serve('scheduler.hello', async (request, { subject }) => answerHello(shared, workerOf(subject), request));
    const door = openWorkerDoor(shared, claim);
    bus.serve('scheduler.worker', (question) => door.answer(question));
    bus.serve('scheduler.next', (question) => door.next(question));
    bus.serve('scheduler.give_back', (question) => door.giveBack(question));
    bus.serve('scheduler.get', (request) => showJob(context.database, request));
    bus.serve('scheduler.list', (request) => listJobs(context.database, request));
    serveStops(context);
    serveFollowUps(context);
    bus.serve('scheduler.cancel', (request) => cancelJob(shared, request));

    bus.onControl(() => renewals.nudge());
    bus.onHints(hintsTo('scheduler'), {
      batch: LIMITS.batch_rows,
      handle: async (hints) => {
        const screened = hints.filter((hint) => stageOf(hint.subject) === 'screened');
        if (screened.length < hints.length) approvals.nudge();
        if (screened.length > 0) await endScreened(shared, screened.flatMap(dispatchIdOf));
        for (const job of screened.flatMap(waitedJobOf)) bus.hint(subjects.ended(), job);
      },
    });
  },
});

/** The server's permissions let a worker ask only under its own pool and name. */
function workerOf(subject: string): { pool: string; worker: string } {
  const who = readWorkerSubject(subject);
  if (!who) throw new CountersignError('field_invalid', 'the subject names no pool and worker');
  return who;
}
