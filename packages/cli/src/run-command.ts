/** The `countersign` command: its table of contents, and how what goes wrong becomes a message and an exit code. */
import { ApiError } from '@countersign/client/api-error';
import { Command, CommanderError } from 'commander';
import { addApprovalsCommands } from './approvals-commands.ts';
import { type Output, withGlobalOptions } from './context.ts';
import { EXIT, exitCodeOf, UsageError } from './exit-codes.ts';
import { addJobsCommands } from './jobs-commands.ts';
import { addPolicyCommands } from './policy-commands.ts';
import { printable, showError } from './show.ts';

const EXIT_HELP = `
Exit codes: ${EXIT.done} done, ${EXIT.refused} refused by the API, ${EXIT.usage} wrong usage, ${EXIT.denied} denied by the policy,
${EXIT.unavailable} unavailable (try again), ${EXIT.not_succeeded} the job ended otherwise than succeeded.`;

const build = (output: Output): Command => {
  const program = withGlobalOptions(new Command('countersign'))
    .description('An open agent control plane: decide, countersign, prove.')
    .addHelpText('after', EXIT_HELP)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.write(text), writeErr: (text) => output.writeError(text) });
  addJobsCommands(program, output);
  addApprovalsCommands(program, output);
  addPolicyCommands(program, output);
  return program;
};

const failApi = (output: Output, error: ApiError, json: boolean): void => {
  const { code, message: detail, at, trace_id, status } = error;
  const text = json ? JSON.stringify({ code, detail, at, trace_id, status }) : printable(showError(error));
  output.writeError(`${text}\n`);
  output.exit(exitCodeOf(error));
};

const failUsage = (output: Output, error: CommanderError | UsageError): void => {
  // Commander has said itself what is wrong; help and version are no mistake.
  if (error instanceof UsageError) output.writeError(`${printable(error.message)}\n`);
  output.exit(error instanceof CommanderError && error.exitCode === 0 ? EXIT.done : EXIT.usage);
};

/** `args` without node and script. Throws only for a bug. */
export const runCommand = async (args: readonly string[], output: Output): Promise<void> => {
  const program = build(output);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof ApiError) failApi(output, thrown, program.opts<{ json?: boolean }>().json === true);
    else if (thrown instanceof CommanderError || thrown instanceof UsageError) failUsage(output, thrown);
    else throw thrown;
  }
};
