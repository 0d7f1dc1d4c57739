/**
 * Bounds how many jobs run at once, in the transaction that dispatches them: a job without room under one of its bounds waits,
 * and is looked at again when another one has ended. Costs nothing for a job whose decision names no such bound.
 */
import type { ControlState } from '@countersign/contracts/control';
import { runningLimits } from '@countersign/contracts/decision';
import type { Tx } from '@countersign/platform/database';
import { describeExcess } from '@countersign/policy/apply-limits';
import { limitKey } from '@countersign/policy/limit-key';
import type { DispatchItem } from '../dispatch/dispatch-item.ts';
import type { SentAttempt } from '../dispatch/new-attempt.ts';
import { type Bound, holdBack, readStandings, renewWaits, takePlaces } from './store-running.ts';

type Asked = Bound & { item: DispatchItem; reason: string };

type Places = {
  /** Those that have to wait. */
  waiting: ReadonlySet<DispatchItem>;
  /** Once it is known what goes: an approval may not have been worth anything. */
  take(sent: readonly SentAttempt[]): Promise<void>;
};

export async function boundRunning(tx: Tx, items: readonly DispatchItem[], state: ControlState): Promise<Places> {
  const asked = items.flatMap((item) => boundsOf(item, state));
  if (asked.length === 0) return { waiting: new Set(), take: async () => {} };
  const short = await withoutRoom(tx, asked);
  await renewWaits(tx, asked, short);
  // The first one that has no room says why; a job may wait for several.
  await holdBack(
    tx,
    [...Map.groupBy(short, ({ item }) => item).values()].map(([first]) => first!),
  );
  const take = async (sent: readonly SentAttempt[]): Promise<void> => {
    const attempts = new Map(sent.map(({ job, attempt }) => [job, attempt.attempt]));
    const going = asked.filter(({ item }) => attempts.has(item.job));
    await takePlaces(
      tx,
      going.map((each) => ({ ...each, attempt: attempts.get(each.item.job)! })),
    );
  };
  return { waiting: new Set(short.map(({ item }) => item)), take };
}

function boundsOf(item: DispatchItem, { policies }: ControlState): Asked[] {
  const { tenant, job_id } = item.job;
  const { scope } = policies[tenant]!;
  return runningLimits(item.decision).map((limit) => ({
    ...{ item, tenant, job_id, key: limitKey(scope, limit), most: Number(limit.most) },
    reason: describeExcess(limit),
  }));
}

/** Whoever comes first takes what is free of all that it asks for, or nothing. */
async function withoutRoom(tx: Tx, asked: readonly Asked[]): Promise<Asked[]> {
  const nameOf = ({ tenant, job_id, key }: Omit<Bound, 'most'>): string => `${tenant}/${job_id}/${key}`;
  const bounds = new Map(asked.map((each) => [nameOf(each), each]));
  const standings = await readStandings(tx, asked);
  const taken = new Map<string, number>();
  const inTurn = Map.groupBy(standings, (standing) => bounds.get(nameOf(standing))!.item);
  return [...inTurn.values()].flatMap((own) => {
    const short = own.filter(({ key, used, ...job }) => {
      const { most } = bounds.get(nameOf({ key, ...job }))!;
      return used + (taken.get(key) ?? 0) >= most;
    });
    if (short.length === 0) for (const { key } of own) taken.set(key, (taken.get(key) ?? 0) + 1);
    return short.map((standing) => bounds.get(nameOf(standing))!);
  });
}
