/**
 * Parts a bound between those who share it: nobody may hold more than is still free. Whoever is alone gets half, many
 * get equal parts, and whoever comes last still finds room. Nothing has to be set for it.
 */
import { CountersignError } from '@countersign/contracts/errors';

export type Shares = {
  /**
   * Takes `amount` until the returned function is called. `who` names the holder from the widest to the narrowest, e.g.
   * tenant and key: a key shares its tenant's part as a tenant shares the whole. Throws `share_exceeded`, or
   * `overloaded` when nothing is left for anybody.
   */
  take(who: readonly string[], amount?: number): () => void;
};

export function openShares(total: number): Shares {
  const held = new Map<string, number>();
  let used = 0;
  const change = (names: readonly string[], amount: number): void => {
    used += amount;
    for (const name of names) {
      const now = (held.get(name) ?? 0) + amount;
      if (now > 0) held.set(name, now);
      else held.delete(name);
    }
  };
  return {
    take(who, amount = 1) {
      const names = who.map((_, depth) => JSON.stringify(who.slice(0, depth + 1)));
      let room = total - used;
      if (amount > room) throw new CountersignError('overloaded');
      for (const name of names) {
        const holds = held.get(name) ?? 0;
        if (holds + amount > room) throw new CountersignError('share_exceeded');
        room -= holds;
      }
      change(names, amount);
      let given = false;
      return () => {
        if (!given) change(names, -amount);
        given = true;
      };
    },
  };
}
