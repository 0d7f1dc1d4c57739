/** One sample of a corpus: what is scanned, and which kind a miss is counted under. */
export type Sample = { kind: string; value: unknown };
