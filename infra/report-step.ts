// Tells a waiting person what is being done. Only for the set-up and the example: services log through pino.

/** One line on standard error, so that standard output stays for results. */
export function reportLine(text: string): void {
  process.stderr.write(`countersign · ${text}\n`);
}
