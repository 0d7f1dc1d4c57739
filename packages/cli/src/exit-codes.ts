/** What the command's exit code says to a script. The numbers are a promise: pipelines are built on them. */
import type { ApiError } from '@countersign/client/api-error';
import { isOutage } from '@countersign/contracts/errors';

export const EXIT_CODES = {
  done: { code: 0, says: 'done' },
  refused: { code: 1, says: 'refused: wrong request, no permission, no such thing, not yet' },
  usage: { code: 2, says: 'the command or a file was not understood; nothing was done' },
  denied: { code: 3, says: 'the policy denied, or would deny' },
  unavailable: { code: 4, says: 'nobody could decide or answer: try again' },
  not_succeeded: { code: 5, says: 'the job ended, and not as `succeeded`' },
  faulty: { code: 6, says: 'the policy or bundle has faults, or under `--strict` lints' },
  tests_failed: { code: 7, says: 'a test of the policy failed, there was none, or too few rules were reached' },
  differs: { code: 8, says: 'with `--exit-code`: something would be decided otherwise' },
  broken: { code: 9, says: 'the evidence does not hold: what is wrong first is named' },
  drill_failed: { code: 10, says: 'a step of the drill failed' },
  faults_found: { code: 11, says: '`doctor` found a fault: it says what to do' },
} as const;
export type ExitName = keyof typeof EXIT_CODES;
export type ExitCode = (typeof EXIT_CODES)[ExitName]['code'];

export const EXIT = Object.fromEntries(Object.entries(EXIT_CODES).map(([name, { code }]) => [name, code])) as {
  readonly [Name in ExitName]: (typeof EXIT_CODES)[Name]['code'];
};

/** Input that cannot be used, said to whoever typed it. */
export class UsageError extends Error {}

/** The request was understood and cannot be done. `body` is what `--json` prints instead. */
export class CommandFailure extends Error {
  readonly exit: ExitCode;
  readonly body: Readonly<Record<string, unknown>>;
  constructor(exit: ExitCode, message: string, body: Readonly<Record<string, unknown>>) {
    super(message);
    this.exit = exit;
    this.body = body;
  }
}

export function exitCodeOf(error: ApiError): ExitCode {
  return error.status === 0 || isOutage(error.code) ? EXIT.unavailable : EXIT.refused;
}
