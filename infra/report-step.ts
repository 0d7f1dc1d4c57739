/** Tells a waiting person what is being done. Only for the set-up and the example: services log through pino. */
import { writeSync } from 'node:fs';

const STDERR = 2;

/** One line on standard error, so that standard output stays for results. A screen that takes nothing ends nothing. */
export function reportLine(text: string): void {
  try {
    writeSync(STDERR, `countersign · ${text}\n`);
  } catch {
    // A full disk or a terminal that is gone: what runs must go on.
  }
}
