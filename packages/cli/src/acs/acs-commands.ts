/** `countersign acs`: a guardian for hosts that speak OWASP's Agent Control Standard. */
import type { Command } from 'commander';
import type { Output } from '../context.ts';
import { addAddCommand } from './add-command.ts';
import { addServeCommand } from './serve-command.ts';

export function addAcsCommands(program: Command, output: Output): void {
  const acs = program.command('acs').description('a guardian for hosts that speak the Agent Control Standard (OWASP)');
  addAddCommand(acs, output);
  addServeCommand(acs, output);
}
