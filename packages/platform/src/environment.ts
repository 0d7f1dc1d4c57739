/** The only file that reads `process.env`. Everything else gets its settings handed in, parsed. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function processEnvironment(): Environment {
  return { ...process.env };
}
