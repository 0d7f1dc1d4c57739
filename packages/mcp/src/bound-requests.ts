/** How many requests may be under way, so that one agent's waiting calls never take the door from the others. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';

/** The answer releases, once. Throws `overloaded` and `too_many_requests`. */
export function boundRequests(): (who: string) => () => void {
  const under_way = new Map<string, number>();
  let all = 0;
  return (who) => {
    const own = under_way.get(who) ?? 0;
    if (own >= LIMITS.mcp_agent_requests)
      throw new CountersignError('too_many_requests', 'too many requests of this agent are not answered yet');
    if (all >= LIMITS.mcp_requests) throw new CountersignError('overloaded');
    all += 1;
    under_way.set(who, own + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      all -= 1;
      const left = under_way.get(who)! - 1;
      if (left === 0) under_way.delete(who);
      else under_way.set(who, left);
    };
  };
}
