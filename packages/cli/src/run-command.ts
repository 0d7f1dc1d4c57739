/** The `countersign` command: its table of contents, and how what goes wrong becomes a message and an exit code. */
import { ApiError } from '@countersign/client/api-error';
import { printable, printableJson } from '@countersign/contracts/printable';
import { VERSION } from '@countersign/contracts/version';
import { Command, CommanderError } from 'commander';
import { addAcsCommands } from './acs/acs-commands.ts';
import { addWorkerCommand } from './add-worker-command.ts';
import { addApprovalsCommands } from './approvals-commands.ts';
import { addArtifactsCommands } from './artifacts-commands.ts';
import { addAuditCommands } from './audit-commands.ts';
import { addCompletionCommand } from './completion-command.ts';
import { type Output, withGlobalOptions } from './context.ts';
import { addDeadLettersCommands } from './dead-letters-commands.ts';
import { addDelegationsCommands } from './delegations-commands.ts';
import { addDrillCommand } from './drill-command.ts';
import { CommandFailure, EXIT, EXIT_CODES, type ExitCode, exitCodeOf, UsageError } from './exit-codes.ts';
import { addIncidentCommands } from './incident/incident-commands.ts';
import { addJobsCommands } from './jobs-commands.ts';
import { addKpisCommand } from './kpis-command.ts';
import { addLoginCommand } from './login-command.ts';
import { addMcpCommands } from './mcp/mcp-commands.ts';
import { addDoctorCommand } from './operate/doctor-command.ts';
import { addTopCommand } from './operate/top-command.ts';
import { addPolicyCommands } from './policy-commands.ts';
import { addQuarantineCommands } from './quarantine-commands.ts';
import { refusedFile } from './read-file.ts';
import { addRegistryCommands } from './registry-commands.ts';
import { addRetentionCommands } from './retention-commands.ts';
import { addReviewsCommands } from './reviews-commands.ts';
import { addRotateCommands } from './rotate-commands.ts';
import { showError } from './show.ts';
import { addStopsCommands } from './stops-commands.ts';
import { addWebhooksCommands } from './webhooks-commands.ts';
import { addWitnessCommand } from './witness-command.ts';

const EXIT_HELP = `
  -V, --version, alone, prints the version.

Exit codes:
${Object.values(EXIT_CODES)
  .map(({ code, says }) => `  ${code}  ${says.replaceAll('`', '')}`)
  .join('\n')}`;

type Failed = { exit: ExitCode; text: string; body: Readonly<Record<string, unknown>> };

/** `args` without node and script. Throws only for a bug. */
export async function runCommand(args: readonly string[], output: Output): Promise<void> {
  // Not commander's: it would take the `--version` of the commands that build and activate policies.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) return output.write(`${VERSION}\n`);
  let complaint = '';
  const program = buildProgram(output, (text) => {
    complaint += text;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    // Help and version are no mistake.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return output.exit(EXIT.done);
    const failed = failureOf(thrown instanceof CommanderError ? new UsageError(complaint.trim()) : thrown);
    if (failed === null) throw thrown;
    // An option that follows the mistake has not been parsed.
    output.writeError(`${args.includes('--json') ? printableJson(failed.body) : printable(failed.text)}\n`);
    output.exit(failed.exit);
  }
}

/** Every command there is. `complain` gets what commander says of wrong usage. */
export function buildProgram(output: Output, complain: (text: string) => void): Command {
  const program = withGlobalOptions(new Command('countersign'))
    .description('An open agent control plane: decide, countersign, prove.')
    .addHelpText('after', EXIT_HELP)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.write(text), writeErr: complain });
  addLoginCommand(program, output);
  addJobsCommands(program, output);
  addArtifactsCommands(program, output);
  addApprovalsCommands(program, output);
  addReviewsCommands(program, output);
  addQuarantineCommands(program, output);
  addDeadLettersCommands(program, output);
  addPolicyCommands(program, output);
  addRegistryCommands(program, output);
  addRotateCommands(program, output);
  addDelegationsCommands(program, output);
  addStopsCommands(program, output);
  addWebhooksCommands(program, output);
  addRetentionCommands(program, output);
  addWorkerCommand(program, output);
  addAuditCommands(program, output);
  addWitnessCommand(program, output);
  addDrillCommand(program, output);
  addIncidentCommands(program, output);
  addKpisCommand(program, output);
  addDoctorCommand(program, output);
  addTopCommand(program, output);
  addMcpCommands(program, output);
  addAcsCommands(program, output);
  addCompletionCommand(program, output);
  return program;
}

function failureOf(thrown: unknown): Failed | null {
  if (thrown instanceof ApiError) {
    const { code, message: detail, at, trace_id, status } = thrown;
    return { exit: exitCodeOf(thrown), text: showError(thrown), body: { code, detail, at, trace_id, status } };
  }
  if (thrown instanceof CommandFailure) return { exit: thrown.exit, text: thrown.message, body: thrown.body };
  // A file or folder that somebody named, whoever was about to use it.
  const { path, syscall } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof Error && path !== undefined && syscall !== undefined)
    return failureOf(refusedFile(path, thrown));
  if (!(thrown instanceof UsageError)) return null;
  return { exit: EXIT.usage, text: thrown.message, body: { code: 'usage', detail: thrown.message } };
}
