/** How much of a decision's limits is used at this moment, for people. A read: it counts nothing and promises nothing. */
import type { LimitUsed } from '@countersign/contracts/counted-limits';
import { type Decision, limitsOf } from '@countersign/contracts/decision';
import type { Tx } from '@countersign/platform/database';
import { routinesOf } from '@countersign/platform/routines';
import { limitKey } from '@countersign/policy/limit-key';
import type { Functions } from './tables.ts';

const routines = routinesOf<Functions>();

export type CountLimits = (scope: string, decision: Decision) => Promise<LimitUsed[]>;

export function openLimitCounts(database: Tx): CountLimits {
  return async (scope, decision) => {
    const limits = limitsOf(decision);
    if (limits.length === 0) return [];
    const used = await routines.answer(
      database,
      'scheduler.limit_used',
      limits.map((limit) => limitKey(scope, limit)),
      limits.map(({ counts }) => counts),
      limits.map(({ within_ms }) => within_ms ?? 0),
    );
    return limits.map(({ id, most }, i) => ({ id, most, used: (used as string[])[i]! }));
  };
}
