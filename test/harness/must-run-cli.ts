/** The command in this process, where it has to succeed. Throws what it said otherwise. */
import { runCommand } from '@countersign/cli/run-command';

export async function mustRunCli(...args: string[]): Promise<void> {
  let failed = '';
  const writeError = (text: string): void => {
    failed += text;
  };
  await runCommand(args, { write: () => {}, writeError, exit: () => {} });
  if (failed !== '') throw new Error(failed);
}
