/** `countersign policy`: ask what would be decided, and why. Nothing is stored. */
import type { Simulation } from '@countersign/contracts/http';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { type RequestOptions, readRequest, withRequestOptions } from './read-request.ts';
import { showExplanation, showSimulation } from './show.ts';

/** So that a pipeline can fail on what the policy would deny. */
const exitBy = (output: Output, answer: Simulation): void => {
  const last = answer.then?.at(-1) ?? answer;
  if (last.decision === 'deny') output.exit(EXIT.denied);
};

export const addPolicyCommands = (program: Command, output: Output): void => {
  const policy = program.command('policy').description('ask the policy without submitting');
  withRequestOptions(policy.command('simulate').description('what would be decided')).action(
    async (file: string | undefined, options: RequestOptions, command: Command) => {
      const answer = await clientOf(command).simulate(readRequest(file, options));
      print(output, command, answer, showSimulation);
      exitBy(output, answer);
    },
  );
  withRequestOptions(policy.command('explain').description('why it would be decided so')).action(
    async (file: string | undefined, options: RequestOptions, command: Command) => {
      const answer = await clientOf(command).explain(readRequest(file, options));
      print(output, command, answer, showExplanation);
      exitBy(output, answer);
    },
  );
};
