/** RFC 8693, section 4.1: `sub` is the one on whose behalf, the outermost `act` the one who acts, and those between are within. */

type Acting = { sub: string; act?: Act };
export type Act = { sub: string; act?: Act | undefined };

/** `chain` from the first, on whose behalf it is, to the last, who let `actor` act. */
export function actingOf(actor: string, chain: readonly string[]): Acting {
  const [sub, ...between] = chain;
  if (sub === undefined) return { sub: actor };
  const within = between.reduce<Act | undefined>((act, id) => ({ sub: id, ...(act && { act }) }), undefined);
  return { sub, act: { sub: actor, ...(within && { act: within }) } };
}
