/** `countersign webhooks`: where people are told of approvals and reviews, and what could not be delivered. */
import type { DeliveryQuery } from '@countersign/contracts/http';
import {
  DELIVERY_STATES,
  WEBHOOK_FORMATS,
  type WebhookDelivery,
  type WebhookView,
} from '@countersign/contracts/webhooks';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { list } from './show.ts';
import { table } from './table.ts';

type CreateOptions = { format: 'cloudevents' | 'slack'; events?: string };
type ListOptions = { state?: DeliveryQuery['state']; webhook?: string };

export function addWebhooksCommands(program: Command, output: Output): void {
  const webhooks = program.command('webhooks').description('where people are told of approvals and reviews');
  webhooks
    .command('list')
    .description('all of them, without addresses and secrets')
    .action(async (_: object, command: Command) =>
      print(output, command, (await clientOf(command).webhooks()).webhooks, showAll),
    );
  webhooks
    .command('create <url>')
    .description('send events there; the secret is shown once')
    .addOption(new Option('--format <format>').choices([...WEBHOOK_FORMATS]).default('cloudevents'))
    .option('--events <names>', 'by commas; all of them without it')
    .action(async (url: string, { format, events }: CreateOptions, command: Command) => {
      // An event that does not exist is the API's to refuse.
      const wanted = events === undefined ? {} : { events: events.split(',') as never };
      print(output, command, await clientOf(command).createWebhook({ url, format, ...wanted }), (made) => list(made));
    });
  webhooks
    .command('end <webhook_id>')
    .description('send nothing there any more')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (id: string, { reason }: { reason: string }, command: Command) =>
      print(output, command, await clientOf(command).endWebhook(id, reason), (ended) => list(ended)),
    );
  addDeliveries(webhooks, output);
}

function addDeliveries(webhooks: Command, output: Output): void {
  webhooks
    .command('deliveries')
    .description('what was sent, newest first')
    .addOption(new Option('--state <state>', 'only these').choices([...DELIVERY_STATES]))
    .option('--webhook <webhook_id>', 'of this one')
    .action(async ({ state, webhook }: ListOptions, command: Command) => {
      const client = clientOf(command);
      const wanted = { ...(state && { state }), ...(webhook && { webhook_id: webhook }) };
      const ask = (page: object) => client.webhookDeliveries({ ...wanted, ...page });
      print(output, command, await everyPage(ask, 'deliveries'), showDeliveries);
    });
  webhooks
    .command('retry <delivery_id>')
    .description('try a dead delivery again')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await clientOf(command).retryDelivery(id), (delivery) => list(delivery)),
    );
}

function showAll(all: readonly WebhookView[]): string {
  return table(
    ['WEBHOOK', 'TARGET', 'FORMAT', 'BY', 'ENDED', 'EVENTS'],
    all.map((row) => [row.webhook_id, row.target, row.format, row.created_by, row.ended_at, row.events]),
  );
}

function showDeliveries(all: readonly WebhookDelivery[]): string {
  return table(
    ['DELIVERY', 'WEBHOOK', 'EVENT', 'STATE', 'TRIES', 'OUTCOME', 'NEXT'],
    all.map((row) => [row.delivery_id, row.webhook_id, row.event, row.state, row.attempts, row.outcome, row.due_at]),
  );
}
