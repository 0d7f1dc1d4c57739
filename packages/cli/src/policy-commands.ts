/** `countersign policy`: from the first line of a policy to its activation, and back. */
import type { Command } from 'commander';
import { addAuthorCommands } from './author-commands.ts';
import { addBundleCommands } from './bundle-commands.ts';
import type { Output } from './context.ts';
import { addIncidentCommand } from './incident-command.ts';
import { addInitCommand } from './init-command.ts';
import { addRolloutCommands } from './rollout-commands.ts';
import { addTryCommands } from './try-commands.ts';

export function addPolicyCommands(program: Command, output: Output): void {
  const policy = program.command('policy').description('write, try, sign and roll out a policy');
  addInitCommand(policy, output);
  addAuthorCommands(policy, output);
  addTryCommands(policy, output);
  addBundleCommands(policy, output);
  addRolloutCommands(policy, output);
  addIncidentCommand(policy, output);
}
