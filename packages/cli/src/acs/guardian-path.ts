/** Which host a command is about, and where the file lies that its guardian starts from. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LONGEST_HOST } from '@countersign/acs/guardian-file';
import { isToken } from '@countersign/contracts/names';
import { processEnvironment } from '@countersign/platform/environment';
import { type Command, Option } from 'commander';
import { UsageError } from '../exit-codes.ts';

export type HostOptions = { host: string; file?: string };

export function withHost(command: Command): Command {
  return command
    .requiredOption('--host <name>', 'what the host is called in topics, e.g. claude-code')
    .addOption(
      new Option('--file <file>', "the guardian's file; left out, acs/<host>.json in the user's configuration").env(
        'COUNTERSIGN_ACS_FILE',
      ),
    );
}

/** Throws UsageError. */
export function pathOf({ host, file }: HostOptions): string {
  if (!isToken(host) || host.length > LONGEST_HOST)
    throw new UsageError(`--host: must be 1 to ${LONGEST_HOST} of a-z, 0-9, _ and -`);
  const folder = join(processEnvironment().XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'countersign', 'acs');
  return file ?? join(folder, `${host}.json`);
}
