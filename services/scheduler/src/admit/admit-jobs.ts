/**
 * Admits decided jobs, many to a statement: job, content and evidence are stored together, or nothing is. Only after that
 * does a caller hear anything. A denial is recorded just as durably; the same request gets the same answer. What the kernel
 * sealed as allowed goes straight through both gates when its pool has room and nobody waits for it.
 */

import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import { CountersignError } from '@countersign/contracts/errors';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { nowMs } from '@countersign/platform/clock';
import { offerAttempts } from '../dispatch/publish-attempts.ts';
import { wakeHeld } from '../hold/wake-approval.ts';
import type { Known } from '../known-control.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { type AdmitOutcome, admitStep } from '../store-steps.ts';
import { admitCarefully, NameTaken } from './admit-carefully.ts';
import {
  firstOfEachName,
  followsAnother,
  isCounted,
  offerOf,
  type Planned,
  planAdmission,
  subjectsOf,
  toContext,
  toEntry,
  toRow,
} from './plan-admissions.ts';
import type { NewContext } from './store-admissions.ts';
import { type StraightThrough, straightThrough } from './straight-through.ts';

const TOO_MANY = 'this tenant has as many jobs waiting as it may have; wait until some are done';

type Outcome = Admitted | CountersignError;
type Step = { plan: Planned; content: NewContext; straight: StraightThrough | null };
type Done = Step & { outcome: AdmitOutcome };

export async function admitJobs(context: SchedulerContext, items: AdmitItem[]): Promise<Outcome[]> {
  const { crowded } = context.known;
  const roomy = crowded.size === 0 ? items : items.filter(({ request }) => !crowded.has(request.tenant));
  const answers = await admitRoomy(context, roomy);
  return items.map((item) => answers.get(item) ?? new CountersignError('share_exceeded', TOO_MANY));
}

async function admitRoomy(context: SchedulerContext, items: readonly AdmitItem[]): Promise<Map<AdmitItem, Outcome>> {
  if (items.length === 0) return new Map();
  const done = await admitTogether(context, items);
  const answers = new Map<AdmitItem, Outcome>(
    done.map(({ plan: { item, state, decisions } }) => {
      const { tenant, job_id } = item.request;
      return [item, { job_id, tenant, state, decisions, replayed: false }];
    }),
  );
  const left = items.filter((item) => !answers.has(item));
  const careful = left.length === 0 ? null : await admitLeft(context, left);
  for (const [i, item] of left.entries()) answers.set(item, careful!.outcomes[i]!);
  const sent = done.flatMap(({ straight, outcome }) => (outcome === 'sent' ? [straight!] : []));
  follow(context, [...done.map(({ plan }) => plan), ...(careful?.fresh ?? [])], sent);
  return answers;
}

/** Those that went through in one statement. */
async function admitTogether(context: SchedulerContext, items: readonly AdmitItem[]): Promise<Done[]> {
  const tenants = items.map((item) => item.request.tenant);
  const known = await context.control.of(tenants, items.flatMap(subjectsOf));
  for (const tenant of new Set(tenants)) {
    const active = known.control.policies[tenant];
    if (active) context.known.epochs.set(tenant, active.epoch);
  }
  const steps = planSteps(context, items, known);
  if (steps.length === 0) return [];
  await context.planned?.();
  const outcomes = await takeStep(context, known.control.revision, steps);
  if (outcomes === null) context.control.forget();
  return (outcomes ?? []).flatMap((outcome, i) => (outcome === 'exists' ? [] : [{ ...steps[i]!, outcome }]));
}

function planSteps(context: SchedulerContext, items: readonly AdmitItem[], { control, pools }: Known): Step[] {
  const plans = items.map((item) => planAdmission(item, control, pools));
  /** An error may be of a state that was: it is judged again under the lock. */
  const sound = plans.filter((plan): plan is Planned => !(plan instanceof CountersignError) && isOrdinary(plan));
  const keys = context.config.DECISION_SEAL_KEYS;
  return firstOfEachName(sound).map((plan) => {
    const content = toContext(plan);
    return { plan, content, straight: straightThrough(plan, content, control, pools, { keys, now_ms: nowMs() }) };
  });
}

/** The others take the careful path, in which what they count, follow or offer is written with them. */
function isOrdinary(plan: Planned): boolean {
  return !isCounted(plan) && !followsAnother(plan.item) && offerOf(plan) === null;
}

function takeStep(context: SchedulerContext, revision: number, steps: readonly Step[]) {
  const rows = steps.map(({ plan }) => toRow(plan));
  return admitStep(context.database, revision, {
    items: steps.map(({ straight }, i) => ({ ...rows[i]!, ...straight?.row })),
    texts: steps.map(({ content }) => content),
    bodies: steps.map(({ plan }, i) => canonicalize(toEntry(plan, rows[i]!).body)),
    sent_bodies: steps.map(({ straight }) => (straight ? canonicalize(straight.entry.body) : null)),
  });
}

/** The transaction reads newer state than the remembered one: the next plan reads again. */
async function admitLeft(context: SchedulerContext, items: readonly AdmitItem[]) {
  context.control.forget();
  const admit = (part: readonly AdmitItem[]) => context.database.transaction((tx) => admitCarefully(context, tx, part));
  const oneByOne = async () => {
    const alone = [];
    for (const item of items)
      alone.push(
        await admit([item])
          .catch(ifTaken(() => admit([item])))
          .catch(failAlone),
      );
    return { outcomes: alone.flatMap(({ outcomes }) => outcomes), fresh: alone.flatMap(({ fresh }) => fresh) };
  };
  return items.some(followsAnother) ? oneByOne() : admit(items).catch(ifTaken(oneByOne));
}

/** What it follows was settled before: nothing of it may stay. */
function failAlone(thrown: unknown): { outcomes: Outcome[]; fresh: Planned[] } {
  if (!(thrown instanceof CountersignError) || thrown.code !== 'state_conflict') throw thrown;
  return { outcomes: [thrown], fresh: [] };
}

/** Whoever took the name has committed by now, and is found. */
function ifTaken<T>(again: () => Promise<T>) {
  return (thrown: unknown): Promise<T> => {
    if (!(thrown instanceof NameTaken)) throw thrown;
    return again();
  };
}

/** After the commit: metrics, wake-ups and dispatch. None of it may fail the job. */
function follow(context: SchedulerContext, fresh: readonly Planned[], sent: readonly StraightThrough[]): void {
  for (const { state, decisions, item } of fresh) {
    context.metrics.count('jobs_admitted_total', { state });
    // Those of a stop or of limits are made here; the kernel counted its own.
    for (const { gate, decision } of decisions.slice(item.answer.decisions.length))
      context.metrics.count('decisions_total', { gate, decision });
    if (state === 'denied') context.metrics.count('jobs_ended_total', { state });
  }
  wakeHeld(context, fresh.filter((plan) => plan.state === 'held').map(heldKey));
  for (const {
    sent: { attempt },
    room,
  } of sent)
    context.known.rooms.set(attempt.pool, room);
  offerAttempts(
    context,
    sent.map(({ sent }) => sent),
  );
  const cleared = fresh.filter((plan) => plan.state === 'cleared').length;
  if (cleared > sent.length) context.nudgeDispatch();
}

function heldKey({ item }: Planned) {
  return {
    tenant: item.request.tenant,
    job_id: item.request.job_id,
    topic: item.answer.effective?.topic ?? item.request.topic,
    traceparent: item.traceparent,
  };
}
