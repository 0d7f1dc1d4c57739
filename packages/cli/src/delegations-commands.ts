/** `countersign delegations`: whom the caller lets act on its behalf, and on whose behalf it may act. */
import type { DelegationView } from '@countersign/contracts/http';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { list } from './show.ts';
import { table } from './table.ts';
import { wholeNumber } from './whole-number.ts';

const DAY_S = 86_400;

export function addDelegationsCommands(program: Command, output: Output): void {
  const delegations = program
    .command('delegations')
    .description('whom you let act on your behalf, and on whose behalf you may act');
  delegations
    .command('list')
    .description('those that stand, newest first')
    .action(async (_: object, command: Command) =>
      print(output, command, (await clientOf(command).delegations()).delegations, showAll),
    );
  delegations
    .command('grant <principal>')
    .description('let somebody of your tenant act on your behalf, for as long as is allowed when nothing else is said')
    .option('--days <n>', 'for so long', wholeNumber)
    .action(async (to: string, { days }: { days?: number }, command: Command) => {
      const given = { to, ...(days === undefined ? {} : { expires_in: days * DAY_S }) };
      print(output, command, await clientOf(command).delegate(given), (made) => list(made));
    });
  delegations
    .command('revoke <id>')
    .description('end one that you gave')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await clientOf(command).endDelegation(id, reason);
      print(output, command, { delegation_id: id }, () => `delegation ${id} has ended`);
    });
}

function showAll(rows: readonly DelegationView[]): string {
  return table(
    ['DELEGATION', 'OF', 'TO', 'VOTES IN', 'ENDS'],
    rows.map((row) => [row.delegation_id, row.principal, row.to, row.votes_in, row.expires_at]),
  );
}
