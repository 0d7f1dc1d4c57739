/** Orders that a seed names, so that what a test met by chance can be met again (mulberry32). */
export function shuffler(seed: number): (names: string[]) => string[] {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return (names) =>
    names
      .map((name) => ({ name, at: next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ name }) => name);
}
