/**
 * One run of the example with an account that a person can read: ten tickets, every kind of decision, and at the end
 * what the records and the ledger say about it.
 */
import { type Client, createClient } from '@countersign/client/create-client';
import { DECISIONS } from '@countersign/contracts/decision';
import type { RunRecord } from '@countersign/contracts/record';
import { z } from 'zod';
import { type Agent, type Told, workOnTicket } from './agent.ts';
import { checkLedger, type LedgerVerdict } from './check-ledger.ts';
import { type Say, seatPeople } from './people.ts';
import { readEnv } from './read-env.ts';
import { readTickets } from './read-tickets.ts';
import { submitOverNats } from './submit-over-nats.ts';

const exampleEnv = z.object({
  COUNTERSIGN_URL: z.string(),
  COUNTERSIGN_NATS_URL: z.string(),
  COUNTERSIGN_TENANT: z.string(),
  AGENT_KEY: z.string(),
  AGENT_SIGNING_KEY: z.string(),
  AGENT_NKEY: z.string(),
  /** Name under which the agent is registered. */
  AGENT_ID: z.string().default('desk-agent'),
  APPROVER_KEY: z.string(),
  APPROVER2_KEY: z.string(),
  AUDITOR_KEY: z.string(),
});
type ExampleEnv = z.output<typeof exampleEnv>;

export type ExampleRun = { told: Told[]; verdict: LedgerVerdict };

/** The system and the desk's workers must be up. Throws an Error that names what `env` lacks. */
export async function runExample(
  env: Readonly<Record<string, string | undefined>>,
  say: Say = (line) => console.log(line),
): Promise<ExampleRun> {
  const settings = readEnv(exampleEnv, env);
  const clientOf = (api_key: string): Client =>
    createClient({ url: settings.COUNTERSIGN_URL, tenant: settings.COUNTERSIGN_TENANT, api_key });
  const people = [
    { name: 'alice', client: clientOf(settings.APPROVER_KEY), teams: ['sre', 'approvers'] },
    { name: 'bob', client: clientOf(settings.APPROVER2_KEY), teams: ['security'] },
  ];
  const agent = agentOf(settings, clientOf(settings.AGENT_KEY));
  const told: Told[] = [];
  {
    await using _ = seatPeople(people, (line) => say(`    ${line}`));
    for (const { ticket_id, sender, subject } of readTickets()) {
      say(`\nTicket ${ticket_id}: ${subject} (${sender})`);
      told.push(...(await workOnTicket(agent, ticket_id, (line) => say(`  ${line}`))));
    }
  }
  const job_ids = told.map((one) => one.job_id);
  const verdict = await checkLedger(clientOf(settings.AUDITOR_KEY), job_ids);
  say(`\nRun records\n${tableOf(verdict.records)}`);
  for (const line of summaryOf(told, verdict)) say(line);
  return { told, verdict };
}

function agentOf(settings: ExampleEnv, client: Client): Agent {
  return {
    client,
    http: (request) => client.submit(request),
    nats: (request) =>
      submitOverNats(
        {
          servers: settings.COUNTERSIGN_NATS_URL,
          nkey_seed: settings.AGENT_NKEY,
          tenant: settings.COUNTERSIGN_TENANT,
          agent: settings.AGENT_ID,
          signing_key: settings.AGENT_SIGNING_KEY,
        },
        request,
      ),
  };
}

function tableOf(records: readonly RunRecord[]): string {
  const rows = records.map((record) => [
    record.topic,
    record.policy_decision,
    record.state,
    record.approval?.approvers.map((one) => `${one.approver} ${one.vote}`).join(', ') || '-',
    record.execution?.pool ?? '-',
    record.output_safety ?? '-',
    `${record.proof.entries}`,
    record.proof.verified ? 'yes' : 'NO',
  ]);
  const table = [['topic', 'decision', 'state', 'votes', 'pool', 'output', 'entries', 'verified'], ...rows];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  return table.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd()).join('\n');
}

function summaryOf(told: readonly Told[], { records, entries, broken, unsealed, incomplete }: LedgerVerdict): string[] {
  const made = DECISIONS.map((name) => `${told.filter((one) => one.decision === name).length} ${name}`).join(', ');
  const sound = broken.length === 0 && unsealed.length === 0 && incomplete.length === 0;
  return [
    `\nDecisions: ${made}`,
    `Ledger: ${records.length} chains with ${entries} entries, every hash computed again: ${
      sound ? 'all hold, all sealed, every record complete' : 'NOT SOUND'
    }`,
    ...broken.map((job_id) => `  broken: ${job_id}`),
    ...unsealed.map((job_id) => `  not sealed: ${job_id}`),
    ...incomplete.map((what) => `  incomplete: ${what}`),
  ];
}
