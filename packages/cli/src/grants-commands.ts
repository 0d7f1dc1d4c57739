/** `countersign approvals grants`: yeses that were given for several jobs, and their end before its time. */
import type { GrantView } from '@countersign/contracts/grant';
import type { GrantQuery } from '@countersign/contracts/http';
import { printableJson } from '@countersign/contracts/printable';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { list } from './show.ts';

export function addGrantsCommands(approvals: Command, output: Output): void {
  approvals
    .command('grants')
    .description('bounded grants, newest first: what was agreed to for several jobs, and how much of it is used')
    .option('--active', 'only those that may still be used')
    .action(async ({ active }: { active?: true }, command: Command) => {
      const query: GrantQuery = active === undefined ? {} : { active: 'true' };
      const client = clientOf(command);
      const rows = await everyPage((cursor) => client.grants({ ...query, ...cursor }), 'grants');
      print(output, command, rows, (grants) => grants.map(grantRow).join('\n'));
    });
  approvals
    .command('revoke-grant <grant_id>')
    .description('end a bounded grant at once, as one of a group that gave it or as an operator')
    .requiredOption('--reason <text>')
    .action(async (id: string, { reason }: { reason: string }, command: Command) =>
      print(output, command, await clientOf(command).revokeGrant(id, reason), (grant) => list(grant)),
    );
}

function grantRow(grant: GrantView): string {
  const { grant_id, state, used, max_uses, expires_at, requester, topic, capability, same, given_by } = grant;
  const what = [topic, capability, `same ${same.join(', ')}`].filter(Boolean).join('  ');
  const ended = grant.revoked_because === null ? [] : [`${grant.revoked_by}: ${printableJson(grant.revoked_because)}`];
  const by = `by ${given_by.join(', ')}`;
  return [grant_id, state, `${used} of ${max_uses}`, `until ${expires_at}`, requester, what, by, ...ended].join('  ');
}
