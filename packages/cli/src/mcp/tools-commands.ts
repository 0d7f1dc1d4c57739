/** `countersign mcp tools review`: what a server offers against the record of what somebody has looked at. */
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { besideOf } from '@countersign/mcp/proxy-file';
import type { Compared, Tool } from '@countersign/mcp/tool-record';
import type { UpstreamAddress } from '@countersign/mcp/upstream';
import { processEnvironment } from '@countersign/platform/environment';
import { createLogger } from '@countersign/platform/logger';
import type { Command } from 'commander';
import { type Output, print } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { pathOf, readProxy, type ServerOptions, tellOwner, withServer } from './proxy-path.ts';
import { readServeFile } from './read-serve-file.ts';

type ReviewOptions = ServerOptions & { serve?: string; accept?: string[]; acceptAll?: boolean; by?: string };
export type Review = { server: string; record: string; tools: readonly Compared[]; accepted: readonly string[] };

const STDERR = 2;

export function addToolsCommands(mcp: Command, output: Output): void {
  const tools = mcp.command('tools').description('what servers offer, and who has looked at it');
  withServer(tools.command('review'))
    .description('show what is new or changed since it was reviewed; with --accept, take it as reviewed')
    .argument('[command...]', 'what starts the server, after --')
    .option('--serve <file>', 'the file of `countersign mcp serve`, in which --server stands, in place of its command')
    .option('--accept <tools...>', 'reviewed as they are shown')
    .option('--accept-all', 'all of them, and forget what is gone')
    .option('--by <name>', 'who has looked; left out, who runs this')
    .action(async (command: string[], options: ReviewOptions, self: Command) => {
      const review = await reviewServer(command, options);
      print(output, self, review, showReview);
      if (openOf(review.tools).length > 0) output.exit(EXIT.differs);
    });
}

export async function reviewServer(started: readonly string[], options: ReviewOptions): Promise<Review> {
  const { server, record, upstream } = await (options.serve === undefined ? wrapped : served)(started, options);
  const [{ listTools }, { compareTools, readToolRecord, reviewTools }] = await Promise.all([
    import('@countersign/mcp/upstream'),
    import('@countersign/mcp/tool-record'),
  ]);
  const listed = await listTools(upstream, createLogger('mcp', 'warn', undefined, STDERR)).catch((thrown: Error) => {
    throw new UsageError(thrown.message);
  });
  const compare = () => compareTools(readToolRecord(record, server), listed);
  const before = compare();
  const wanted = options.acceptAll ? openOf(before).map(({ name }) => name) : (options.accept ?? []);
  const chosen = wanted.map((name) => acceptable(before, name));
  if (wanted.length > 0) reviewTools(record, server, chosen, options.by ?? userInfo().username);
  return { server, record, tools: wanted.length > 0 ? compare() : before, accepted: wanted };
}

type Reviewed = { server: string; record: string; upstream: UpstreamAddress };

async function wrapped(started: readonly string[], options: ReviewOptions): Promise<Reviewed> {
  if (started.length === 0) throw new UsageError('give what starts the server, after --, or --serve');
  const path = pathOf(options, started);
  const { server, env } = readProxy(path);
  const [command, ...args] = started as [string, ...string[]];
  return { server, record: besideOf(path).tools, upstream: { command, args, env } };
}

async function served(started: readonly string[], { serve, server }: ReviewOptions): Promise<Reviewed> {
  if (started.length > 0) throw new UsageError('with --serve, the file says what starts the server');
  const { settings, folder } = readServeFile(serve!);
  const found = server === undefined ? undefined : settings.servers[server];
  if (server === undefined || found === undefined)
    throw new UsageError(`--server: must be one of ${Object.keys(settings.servers).join(', ')}`);
  const [{ besideIn }, { upstreamOf }] = await Promise.all([
    import('@countersign/mcp/start-serve'),
    import('@countersign/mcp/serve-upstream'),
  ]);
  const state = resolve(folder, settings.state);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const environment = processEnvironment();
  try {
    const upstream = upstreamOf(found, `servers.${server}`, { environment, folder });
    return { server, record: besideIn(state, server).tools, upstream };
  } catch (thrown) {
    return tellOwner(thrown);
  }
}

function openOf(tools: readonly Compared[]): Compared[] {
  return tools.filter(({ state }) => state !== 'reviewed');
}

function acceptable(tools: readonly Compared[], name: string): { name: string; now: Tool | null } {
  const found = tools.filter((tool) => tool.name === name);
  if (found.length === 0) throw new UsageError(`--accept: the server has no tool ${name}`);
  if (found.length > 1)
    throw new UsageError(`--accept: the server lists ${name} twice; nobody knows which one would run`);
  return { name, now: found[0]!.now };
}

function showReview({ server, record, tools, accepted }: Review): string {
  const open = openOf(tools);
  const lines = open.flatMap(({ name, state, before, now }) => [
    `${name}: ${SAYS[state]}`,
    ...(now === null ? [] : differences(before, now).map((line) => `  ${line}`)),
  ]);
  const taken = accepted.length === 0 ? [] : [`reviewed: ${accepted.join(', ')} (${record})`];
  return [
    ...lines,
    ...taken,
    `${server}: ${tools.length - open.length} tools reviewed, ${open.length} to look at`,
  ].join('\n');
}

const SAYS: Readonly<Record<Compared['state'], string>> = {
  new: 'new, and off until it is reviewed',
  changed: 'changed since it was reviewed, and held',
  gone: 'reviewed, and no longer there',
  reviewed: 'reviewed',
};

/** Member by member, whole: what an attacker changes may be the last word of a long description. */
function differences(before: Tool | null, now: Tool): string[] {
  const members = [...new Set([...Object.keys(before ?? {}), ...Object.keys(now)])].sort();
  return members.flatMap((member) => {
    const [old, fresh] = [before?.[member], now[member]].map((value) => JSON.stringify(value));
    if (old === fresh) return [];
    return [
      ...(old === undefined ? [] : [`- ${member}: ${old}`]),
      ...(fresh === undefined ? [] : [`+ ${member}: ${fresh}`]),
    ];
  });
}
