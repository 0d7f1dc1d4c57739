/** `countersign agents | people | groups | keys | tenants | revocations`: who takes part, and what they may do. */
import type { Client } from '@countersign/client/create-client';
import type { KeyView, MadeKey, PersonView } from '@countersign/contracts/identity';
import { PERMISSION_NAMES, ROLES } from '@countersign/contracts/permissions';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { everyPage } from './every-page.ts';
import { list } from './show.ts';
import { table } from './table.ts';
import { wholeNumber } from './whole-number.ts';

type Reason = { reason: string };

type Acts = {
  headings: readonly string[];
  row: (row: never) => readonly unknown[];
  list: (client: Client) => Promise<object[]>;
  show: (client: Client, id: string) => Promise<object>;
  revoke?: (client: Client, id: string, reason: string) => Promise<object>;
  ends: string;
};

type AgentOptions = {
  owner?: string;
  topic?: string[];
  capability?: string[];
  env?: string[];
  signingKey?: string;
};

type KeyOptions = { role?: string; permission?: string[]; days?: number; minutes?: number; overlap?: number };
const KEY_ROW = ['KEY', 'OF', 'ENDS', 'LAST USE', 'REVOKED'];

type PersonOptions = { group?: string[]; person?: string | null };

export function addRegistryCommands(program: Command, output: Output): void {
  addAgents(program.command('agents').description('who asks for jobs, and what they may at most ask for'), output);
  addPeople(program.command('people').description('who owns agents, votes and runs the system'), output);
  addGroups(program.command('groups').description('the names that approvals ask for'), output);
  addKeys(program.command('keys').description('API keys; each is shown once'), output);
  addWorkers(program.commands.find((each) => each.name() === 'workers') ?? program.command('workers'), output);
  addTenants(program.command('tenants').description('who shares the system'), output);
  program
    .command('revocations')
    .description('what was revoked, why and by whom')
    .action(async (_: object, command: Command) => {
      const rows = await everyPage((cursor) => clientOf(command).revocations(cursor), 'revocations');
      print(output, command, rows, (all) =>
        table(
          ['KIND', 'ID', 'REVOKED', 'BY', 'REASON'],
          all.map((row) => [row.kind, row.id, row.revoked_at, row.actor, row.reason]),
        ),
      );
    });
}

function addAgents(agents: Command, output: Output): void {
  withKind(agents, output, {
    headings: ['AGENT', 'OWNER', 'TOPICS', 'CAPABILITIES', 'LAST USE', 'REVOKED'],
    row: (row: Awaited<ReturnType<Client['agent']>>) => {
      const { id, owner, ceiling, last_used_at, revoked_at } = row;
      return [id, owner, ceiling.topics, ceiling.capabilities, last_used_at, revoked_at];
    },
    list: (client) => everyPage((cursor) => client.agents(cursor), 'agents'),
    show: (client, id) => client.agent(id),
    revoke: (client, id, reason) => client.revokeAgent(id, reason),
    ends: 'end it with all its keys, and what it has under way',
  } as Acts);
  withCeiling(agents.command('create <id>'))
    .description('make an agent; what is left out of its ceiling it may not ask for')
    .requiredOption('--owner <person>', 'who answers for it, and cannot approve what it asks for')
    .action(async (id: string, options: AgentOptions, command: Command) => {
      const signing_key = options.signingKey ?? null;
      const given = { id, owner: options.owner!, ceiling: ceilingOf(options), signing_key };
      print(output, command, await clientOf(command).createAgent(given), show);
    });
  withCeiling(agents.command('change <id>'))
    .description('another owner, signing key or ceiling; of a ceiling, what is left out stays')
    .option('--owner <person>')
    .action(async (id: string, options: AgentOptions, command: Command) => {
      const client = clientOf(command);
      const { owner, topic, capability, env, signingKey } = options;
      const isCeiling = [topic, capability, env].some((part) => part !== undefined);
      const { ceiling } = isCeiling ? await client.agent(id) : { ceiling: null };
      const change = {
        ...(owner === undefined ? {} : { owner }),
        ...(signingKey === undefined ? {} : { signing_key: signingKey }),
        ...(ceiling && {
          ceiling: {
            topics: topic ?? ceiling.topics,
            capabilities: capability ?? ceiling.capabilities,
            environments: env ?? ceiling.environments,
          },
        }),
      };
      print(output, command, await client.changeAgent(id, change), show);
    });
}

/** The commands that every kind has alike. */
function withKind(group: Command, output: Output, act: Acts): void {
  group
    .command('list')
    .description('all of them')
    .action(async (_: object, command: Command) =>
      print(output, command, await act.list(clientOf(command)), (rows) =>
        table(act.headings, rows.map(act.row as never)),
      ),
    );
  group
    .command('show <id>')
    .description('one of them')
    .action(async (id: string, _: object, command: Command) =>
      print(output, command, await act.show(clientOf(command), id), show),
    );
  if (act.revoke === undefined) return;
  const { revoke } = act;
  group
    .command('revoke <id>')
    .description(act.ends)
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (id: string, { reason }: Reason, command: Command) =>
      print(output, command, await revoke(clientOf(command), id, reason), show),
    );
}

function show(value: object): string {
  return list(value as Readonly<Record<string, unknown>>);
}

function withCeiling(command: Command): Command {
  return command
    .option('--topic <patterns>', 'topics it may ask for, e.g. job.deploy.*; several by commas', many)
    .option('--capability <patterns>', 'capabilities, e.g. infra.*', many)
    .option('--env <names>', 'environments; * for any', many)
    .option('--signing-key <key>', 'its raw Ed25519 public key in base64url, when it signs');
}

function many(value: string, before: string[] = []): string[] {
  return [...before, ...value.split(',')];
}

function ceilingOf({ topic = [], capability = [], env = [] }: AgentOptions) {
  return {
    topics: topic,
    capabilities: capability,
    environments: env,
  };
}

function addPeople(people: Command, output: Output): void {
  withKind(people, output, {
    headings: ['PERSON', 'GROUPS', 'SAME AS', 'LAST USE', 'REVOKED'],
    row: (of: PersonView) => [of.id, of.groups, of.person, of.last_used_at, of.revoked_at],
    list: (client) => everyPage((cursor) => client.people(cursor), 'people'),
    show: (client, id) => client.person(id),
    revoke: (client, id, reason) => client.revokePerson(id, reason),
    ends: 'end them with all their keys; their open votes count no more',
  } as Acts);
  people
    .command('create <id>')
    .description('make a person')
    .option('--group <names>', 'groups that exist; several by commas', many)
    .option('--person <id>', 'whose second account it is: their votes count as one')
    .action(async (id: string, { group = [], person = null }: PersonOptions, command: Command) =>
      print(output, command, await clientOf(command).createPerson({ id, groups: group, person }), show),
    );
  people
    .command('change <id>')
    .description('say which groups they are in, or whose second account it is')
    .option('--group <names>', 'all of them; several by commas', many)
    .option('--person <id>', "the other account; '' when it is nobody else's")
    .action(async (id: string, { group, person }: PersonOptions, command: Command) => {
      const change = { groups: group?.filter(Boolean), person: person === undefined ? undefined : person || null };
      print(output, command, await clientOf(command).changePerson(id, change), show);
    });
}

function addGroups(groups: Command, output: Output): void {
  withKind(groups, output, {
    headings: ['GROUP', 'MADE', 'ENDED'],
    row: (row: Awaited<ReturnType<Client['group']>>) => [row.group, row.created_at, row.ended_at],
    list: (client) => everyPage((cursor) => client.groups(cursor), 'groups'),
    show: (client, id) => client.group(id),
    revoke: (client, id, reason) => client.revokeGroup(id, reason),
    ends: 'end it: everybody leaves it',
  } as Acts);
  groups
    .command('create <name>')
    .description('make a group')
    .option('--member <people>', 'by commas', many)
    .action(async (group: string, { member = [] }: { member?: string[] }, command: Command) =>
      print(output, command, await clientOf(command).createGroup({ group, members: member }), show),
    );
  groups
    .command('change <name>')
    .description('put people in and take them out')
    .option('--add <people>', 'by commas', many)
    .option('--remove <people>', 'by commas', many)
    .action(async (group: string, { add = [], remove = [] }: { add?: string[]; remove?: string[] }, command: Command) =>
      print(output, command, await clientOf(command).changeGroup(group, { add, remove }), show),
    );
}

function addKeys(keys: Command, output: Output): void {
  withKind(keys, output, {
    headings: KEY_ROW,
    row: keyRow,
    list: (client) => everyPage((cursor) => client.keys(cursor), 'keys'),
    show: (client, id) => client.key(id),
    revoke: (client, id, reason) => client.revokeKey(id, reason),
    ends: 'end the credential; what it submitted goes on',
  } as Acts);
  keys
    .command('expiring')
    .description('keys that end soon')
    .option('--days <n>', 'within so many days', wholeNumber, 14)
    .action(async ({ days }: { days: number }, command: Command) => {
      const client = clientOf(command);
      const rows = await everyPage((cursor) => client.keys({ ...cursor, expiring_in_days: days }), 'keys');
      print(output, command, rows, (all) => table(KEY_ROW, all.map(keyRow)));
    });
  keys
    .command('create <principal>')
    .description('make a key, for 90 days when nothing else is said')
    .addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]))
    .addOption(new Option('--permission <names>', `also, or instead: ${PERMISSION_NAMES.join(', ')}`).argParser(many))
    .option('--days <n>', 'for which it is good', wholeNumber)
    .action(async (principal: string, { role, permission, days }: KeyOptions, command: Command) => {
      const given = { principal, role, permissions: permission, expires_in_days: days };
      print(output, command, await clientOf(command).createKey(given as never), showMade);
    });
  keys
    .command('change <id>')
    .description('take permissions away, or end it sooner')
    .option('--permission <names>', 'what it keeps', many)
    .option('--expire-in <minutes>', 'from now; 0 at once', (text) => (text === '0' ? 0 : wholeNumber(text)))
    .action(async (id: string, options: { permission?: string[]; expireIn?: number }, command: Command) => {
      const change = { permissions: options.permission, expires_in_minutes: options.expireIn };
      print(output, command, await clientOf(command).changeKey(id, change as never), show);
    });
  keys
    .command('rotate <id>')
    .description('make another key with the same rights; this one goes on for a while')
    .option('--overlap <minutes>', 'for which the old one is good', wholeNumber)
    .option('--days <n>', 'for which the new one is good', wholeNumber)
    .action(async (id: string, { overlap, days }: KeyOptions, command: Command) => {
      const asked = { overlap_minutes: overlap, expires_in_days: days };
      const rotated = await clientOf(command).rotateKey(id, asked as never);
      const shown = ({ made, replaced }: typeof rotated) =>
        `${showMade(made)}\nThe old one ends ${replaced.expires_at}.`;
      print(output, command, rotated, shown);
    });
}

function keyRow(row: KeyView): unknown[] {
  return [row.key_id, row.principal, row.expires_at, row.last_used_at, row.revoked_at];
}

function showMade(made: MadeKey): string {
  return `${show(made)}\n\nKeep the key now: it is not shown again.`;
}

/** A worker's id is `<pool>/<worker>`. */
function addWorkers(workers: Command, output: Output): void {
  withKind(workers.description('who runs jobs; an id is pool/worker'), output, {
    headings: ['POOL', 'WORKER', 'MADE', 'LAST CLAIM', 'REVOKED'],
    row: (row: Awaited<ReturnType<Client['worker']>>) => [
      ...[row.pool, row.worker, row.created_at, row.last_used_at, row.revoked_at],
    ],
    list: (client) => everyPage((cursor) => client.workers(cursor), 'workers'),
    show: (client, id) => client.worker(...partsOf(id)),
    revoke: (client, id, reason) => client.revokeWorker(...partsOf(id), reason),
    ends: 'end it: no claim and no result of it counts',
  } as Acts);
}

function partsOf(id: string): [string, string] {
  const [pool = '', worker = ''] = id.split('/');
  return [pool, worker];
}

function addTenants(tenants: Command, output: Output): void {
  withKind(tenants, output, {
    headings: ['TENANT', 'MADE'],
    row: (row: Awaited<ReturnType<Client['tenant']>>) => [row.tenant, row.created_at],
    list: (client) => everyPage((cursor) => client.tenants(cursor), 'tenants'),
    show: (client, id) => client.tenant(id),
    ends: '',
  } as Acts);
  tenants
    .command('create <name>')
    .description('make a tenant with its first admin, whose key is shown once')
    .requiredOption('--admin <person>', 'who does the rest')
    .action(async (tenant: string, { admin }: { admin: string }, command: Command) =>
      print(output, command, await clientOf(command).createTenant({ tenant, admin }), ({ key }) => showMade(key)),
    );
}
