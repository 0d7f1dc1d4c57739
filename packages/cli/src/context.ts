/** Shared by every command: a client made from the global options, and one way to print the outcome. */
import { type Client, createClient } from '@countersign/client/create-client';
import { apiUrl } from '@countersign/client/send-request';
import { printable, printableJson } from '@countersign/contracts/printable';
import { type Command, Option } from 'commander';
import { type ExitCode, UsageError } from './exit-codes.ts';

export type Output = { write(text: string): void; writeError(text: string): void; exit(code: ExitCode): void };
type GlobalOptions = { url: string; key?: string; tenant?: string; json?: boolean };

export function withGlobalOptions(program: Command): Command {
  return program
    .addOption(new Option('--url <url>', 'where the API is').env('COUNTERSIGN_URL').default('http://127.0.0.1:8081'))
    .addOption(new Option('--tenant <name>', "the key's own tenant").env('COUNTERSIGN_TENANT'))
    .addOption(
      new Option('--key <key>', 'API key or token; better in the environment, where nobody lists it').env(
        'COUNTERSIGN_API_KEY',
      ),
    )
    .option('--json', 'print what the API answered, as JSON');
}

/**
 * Reads an option that may stand several times. Commander's own, variadic one takes all that follows it, and so the
 * command's arguments too.
 */
export function severalTimes(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

export function clientOf(command: Command): Client {
  const { key } = command.optsWithGlobals<GlobalOptions>();
  if (key === undefined) throw new UsageError('no API key: set COUNTERSIGN_API_KEY');
  return clientWith(command, key);
}

/** For somebody else than the command's own key. */
export function clientWith(command: Command, key: string): Client {
  const { url, tenant } = command.optsWithGlobals<GlobalOptions>();
  refuseUrl(url);
  return createClient({ url, ...credentialOf(key), ...(tenant === undefined ? {} : { tenant }) });
}

export function refuseUrl(url: string): void {
  try {
    apiUrl(url);
  } catch (thrown) {
    throw new UsageError(`--url or COUNTERSIGN_URL: ${(thrown as Error).message}`);
  }
}

export function tenantOf(command: Command): string | undefined {
  return command.optsWithGlobals<GlobalOptions>().tenant;
}

export function isJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}

/** Prints the answer in the form that was asked for. */
export function print<T>(output: Output, command: Command, answer: T, show: (answer: T) => string): void {
  output.write(`${isJson(command) ? printableJson(answer, 2) : printable(show(answer))}\n`);
}

/** A token of `POST /token` is three parts with dots between them; a key has none. */
function credentialOf(key: string): { token: string } | { api_key: string } {
  return key.split('.').length === 3 ? { token: key } : { api_key: key };
}
