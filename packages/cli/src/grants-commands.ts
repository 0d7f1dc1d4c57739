/** What else an approver may say than yes or no to one job: a yes for several, and its end; a no that offers something else. */
import type { OfferedChange } from '@countersign/contracts/counter-offer';
import type { GrantView } from '@countersign/contracts/grant';
import type { GrantQuery } from '@countersign/contracts/http';
import { printableJson } from '@countersign/contracts/printable';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { list } from './show.ts';
import { showQuestion } from './show-approvals.ts';

export function addGrantsCommands(approvals: Command, output: Output): void {
  addCounterOffer(approvals, output);
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

/** `--change` as the API takes it; its faults are the API's to name. */
function addCounterOffer(approvals: Command, output: Output): void {
  approvals
    .command('counter-offer <approval_id>')
    .description(
      'refuse the job, and offer its requester another: decided and voted on anew, by others than you, once it is taken',
    )
    .requiredOption('--digest <digest>', 'of what you looked at')
    .requiredOption(
      '--change <json>',
      'what would be otherwise, e.g. {"payload":{"replicas":2},"constraints":{"timeout_ms":60000}}',
    )
    .requiredOption('--reason <text>')
    .action(
      async (
        id: string,
        { digest, change, reason }: Record<'digest' | 'change' | 'reason', string>,
        command: Command,
      ) => {
        const offer = { digest, reason, change: readChange(change, command) };
        print(output, command, await clientOf(command).counterOffer(id, offer), (approval) =>
          showQuestion({ approval }),
        );
      },
    );
}

function readChange(text: string, command: Command): OfferedChange {
  try {
    return JSON.parse(text);
  } catch {
    return command.error('--change is no JSON');
  }
}

function grantRow(grant: GrantView): string {
  const { grant_id, state, used, max_uses, expires_at, requester, topic, capability, same, given_by } = grant;
  const what = [topic, capability, `same ${same.join(', ')}`].filter(Boolean).join('  ');
  const ended = grant.revoked_because === null ? [] : [`${grant.revoked_by}: ${printableJson(grant.revoked_because)}`];
  const by = `by ${given_by.join(', ')}`;
  return [grant_id, state, `${used} of ${max_uses}`, `until ${expires_at}`, requester, what, by, ...ended].join('  ');
}
