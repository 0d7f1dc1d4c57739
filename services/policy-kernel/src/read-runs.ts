/**
 * Reads what runs did before, where the policy asks for it: one question for all items of a moment, bounded in rows. Read
 * anew each time that something is decided; a history is never kept.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DecideItem } from '@countersign/contracts/decision';
import { chainOf } from '@countersign/contracts/delegation';
import { LIMITS } from '@countersign/contracts/limits';
import { type RunHistory, type RunsSource, ranBefore } from '@countersign/contracts/run-facts';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { runOf } from '@countersign/policy/run-facts';
import { z } from 'zod';
import type { ActivePolicies } from './active-policies.ts';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();
const histories = z.array(z.array(ranBefore).nullable());

type Item = Pick<DecideItem, 'request' | 'actor'>;
/** `of`: the label run, null without one. `before`: RFC 3339; left out, as it stands now. */
type WantedRun = { item: Item; of: string | null; run: RunsSource; before?: string };
/** In order. Null where it is not known: without the label `run`, or beyond `LIMITS.run_jobs`. */
export type ReadRuns = (wanted: readonly WantedRun[]) => Promise<RunHistory[]>;

/** `run`: by which jobs it was read. */
export type KnownRun = { run: RunsSource; history: RunHistory };

/** What was read for the policy that decides; undefined where that asks otherwise than the one it was read for. */
export function historyFor(known: KnownRun | undefined, wanted: RunsSource | null): RunHistory | undefined {
  if (known === undefined || wanted === null || !isDeepStrictEqual(known.run, wanted)) return undefined;
  return known.history;
}

export function openRuns(database: Tx): ReadRuns {
  return async (wanted) => {
    if (wanted.length === 0) return [];
    const answer = await routines.answer(
      database,
      'scheduler.run_history',
      wanted.map(({ item }) => item.request.tenant),
      wanted.map(({ item }) => actorsOf(item).join(' ')),
      wanted.map(({ of }) => of),
      wanted.map(({ item }) => item.request.job_id),
      wanted.map(({ run }) => (run.by === 'agent' ? run.within : null)),
      wanted.map(({ before }) => before ?? null),
      LIMITS.run_jobs,
    );
    return histories.parse(answer);
  };
}

/** An agent that asks on others' behalf has their history too: they could have handed it what they read. */
function actorsOf({ request, actor }: Item): string[] {
  return [...new Set([actor.id, ...chainOf(request.on_behalf_of)])];
}

type Asking = Pick<CompiledPolicy, 'run' | 'topics'>;

/** Undefined under a policy that does not ask. */
export async function readRun(
  readRuns: ReadRuns,
  { run, topics }: Asking,
  item: Item,
  before?: string,
): Promise<RunHistory | undefined> {
  if (run === null) return undefined;
  const [history] = await readRuns([
    { item, run, of: runOf({ topics }, item.request), ...(before !== undefined && { before }) },
  ]);
  return history ?? null;
}

/** Of all items whose policy asks, in one question. Throws what the database throws: nothing is decided without it. */
export async function readAhead(
  policies: Pick<ActivePolicies, 'of'>,
  readRuns: ReadRuns,
  items: readonly DecideItem[],
  known: WeakMap<DecideItem, KnownRun>,
): Promise<void> {
  const wanted = items.flatMap((item) => {
    const policy = policies.of(item.request.tenant)?.policy;
    return policy === undefined || policy.run === null
      ? []
      : [{ item, run: policy.run, of: runOf(policy, item.request) }];
  });
  const read = await readRuns(wanted);
  for (const [i, { item, run }] of wanted.entries()) known.set(item, { run, history: read[i] ?? null });
}
