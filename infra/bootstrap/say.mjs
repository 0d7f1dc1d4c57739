// How the bootstrap speaks to the person who waits for it.
import process from 'node:process';

/** A failure that a person can mend: its message says what to do, and no stack is shown. */
export class BootstrapError extends Error {}

/** One line on standard error, so that standard output stays for results. */
export function say(text) {
  process.stderr.write(`countersign · ${text}\n`);
}
