/** `countersign mcp tools review`: what a server offers against the record of what somebody has looked at. */
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { besideOf, reviewersOf } from '@countersign/mcp/proxy-file';
import type { Reviewer } from '@countersign/mcp/sign-review';
import type { Reviewers } from '@countersign/mcp/signed-record';
import type { Compared, Tool } from '@countersign/mcp/tool-record';
import type { UpstreamAddress } from '@countersign/mcp/upstream';
import { processEnvironment } from '@countersign/platform/environment';
import { createLogger } from '@countersign/platform/logger';
import { signText } from '@countersign/policy/build-bundle';
import type { Command } from 'commander';
import { type Output, print, severalTimes } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { readSigner, requireTrusted } from '../signing-key.ts';
import { pathOf, readProxy, type ServerOptions, tellOwner, withServer } from './proxy-path.ts';
import { readServeFile } from './read-serve-file.ts';

type ReviewOptions = ServerOptions & {
  serve?: string;
  accept?: string[];
  acceptAll?: boolean;
  by?: string;
  keyFile?: string;
  keyId?: string;
};
/** `notes`: why the record as it lies there does not count, or not yet. */
export type Review = {
  server: string;
  record: string;
  tools: readonly Compared[];
  accepted: readonly string[];
  notes: readonly string[];
};

const STDERR = 2;

export function addToolsCommands(mcp: Command, output: Output): void {
  const tools = mcp.command('tools').description('what servers offer, and who has looked at it');
  withServer(tools.command('review'))
    .description('show what is new or changed since it was reviewed; with --accept, take it as reviewed')
    .argument('[command...]', 'what starts the server, after --')
    .option('--serve <file>', 'the file of `countersign mcp serve`, in which --server stands, in place of its command')
    .option('--accept <tool>', 'reviewed as it is shown; several times', severalTimes)
    .option('--accept-all', 'all of them, and forget what is gone')
    .option('--by <name>', 'who has looked; left out, who runs this')
    .option(
      '--key-file <file>',
      "the reviewer's private key, where the proxy's file names reviewers; - reads standard input",
    )
    .option('--key-id <id>', "its name among them; the file's name when left out")
    .action(async (command: string[], options: ReviewOptions, self: Command) => {
      const review = await reviewServer(command, options);
      print(output, self, review, showReview);
      if (openOf(review.tools).length > 0) output.exit(EXIT.differs);
    });
}

export async function reviewServer(started: readonly string[], options: ReviewOptions): Promise<Review> {
  const { server, record, upstream, reviewers } = await (options.serve === undefined ? wrapped : served)(
    started,
    options,
  );
  const [{ listTools }, { compareTools }, { reviewTools, standingRecord }] = await Promise.all([
    import('@countersign/mcp/upstream'),
    import('@countersign/mcp/tool-record'),
    import('@countersign/mcp/sign-review'),
  ]);
  const reviewer = await reviewerOf(options, reviewers);
  const listed = await listTools(upstream, createLogger('mcp', 'warn', undefined, STDERR)).catch((thrown: Error) => {
    throw new UsageError(thrown.message);
  });
  const look = () => standingRecord(record, server, reviewers).catch(tellOwner);
  const standing = await look();
  const before = compareTools(standing.record, listed);
  const wanted = options.acceptAll ? openOf(before).map(({ name }) => name) : (options.accept ?? []);
  const chosen = wanted.map((name) => acceptable(before, name));
  if (wanted.length === 0)
    return { server, record, tools: before, accepted: [], notes: standing.fault ? [standing.fault.message] : [] };
  const by = options.by ?? userInfo().username;
  const { missing } = await reviewTools({ path: record, server, reviewers, reviewer, by }, chosen).catch(tellOwner);
  const tools = compareTools((await look()).record, listed);
  return {
    server,
    record,
    tools,
    accepted: wanted,
    notes: missing === null ? [] : [`signed, and not enough: ${missing}`],
  };
}

/** Null where nobody has to sign. Signing for nobody who checks would only look like proof. Throws UsageError. */
async function reviewerOf({ keyFile, keyId }: ReviewOptions, reviewers: Reviewers | null): Promise<Reviewer | null> {
  if (keyFile === undefined) return null;
  if (reviewers === null)
    throw new UsageError("--key-file: the proxy's file names no reviewers, so nobody would check");
  const signer = readSigner(keyFile, keyId);
  await requireTrusted(signer, reviewers.root);
  return { key_id: signer.key_id, sign: (text) => signText(text, signer) };
}

type Reviewed = { server: string; record: string; upstream: UpstreamAddress; reviewers: Reviewers | null };

async function wrapped(started: readonly string[], options: ReviewOptions): Promise<Reviewed> {
  if (started.length === 0) throw new UsageError('give what starts the server, after --, or --serve');
  const path = pathOf(options, started);
  const file = readProxy(path);
  const [command, ...args] = started as [string, ...string[]];
  try {
    const reviewers = reviewersOf(file, path);
    return { server: file.server, record: besideOf(path).tools, upstream: { command, args, env: file.env }, reviewers };
  } catch (thrown) {
    return tellOwner(thrown);
  }
}

async function served(started: readonly string[], { serve, server }: ReviewOptions): Promise<Reviewed> {
  if (started.length > 0) throw new UsageError('with --serve, the file says what starts the server');
  const { settings, folder } = readServeFile(serve!);
  const found = server === undefined ? undefined : settings.servers[server];
  if (server === undefined || found === undefined)
    throw new UsageError(`--server: must be one of ${Object.keys(settings.servers).join(', ')}`);
  const [{ besideIn, reviewersIn, workerIn }, { upstreamOf }] = await Promise.all([
    import('@countersign/mcp/start-serve'),
    import('@countersign/mcp/serve-upstream'),
  ]);
  const state = resolve(folder, settings.state);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const environment = processEnvironment();
  try {
    const upstream = upstreamOf(found, `servers.${server}`, { environment, folder });
    const reviewers = reviewersIn(settings, folder, workerIn(found, folder));
    return { server, record: besideIn(state, server).tools, upstream, reviewers };
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

function showReview({ server, record, tools, accepted, notes }: Review): string {
  const open = openOf(tools);
  const lines = open.flatMap(({ name, state, before, now }) => [
    `${name}: ${SAYS[state]}`,
    ...(now === null ? [] : differences(before, now).map((line) => `  ${line}`)),
  ]);
  const taken = accepted.length === 0 ? [] : [`reviewed: ${accepted.join(', ')} (${record})`];
  return [
    ...lines,
    ...taken,
    ...notes,
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
