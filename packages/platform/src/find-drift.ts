/**
 * Compares what a server holds with what is wanted, setting by setting. Settings that are not wanted are not looked at.
 */

/** One line for each difference, beginning with `what`. The server leaves out a setting that is empty, zero or false. */
export function findDrift(what: string, found: object, wanted: object): string[] {
  const held = found as Record<string, unknown>;
  return Object.entries(wanted)
    .filter(([name, value]) => textOf(held[name]) !== textOf(value))
    .map(([name, value]) => `${what}: ${name} is ${textOf(held[name])}, not ${textOf(value)}`);
}

function textOf(value: unknown): string {
  if (value === undefined || value === 0 || value === false || value === '') return 'unset';
  return JSON.stringify(value);
}
