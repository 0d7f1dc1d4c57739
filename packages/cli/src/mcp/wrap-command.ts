/** `countersign mcp wrap -- <command…>`: one server behind the plane, on standard input and output in place of the server itself. */
import { createLogger } from '@countersign/platform/logger';
import { type Command, Option } from 'commander';
import { UsageError } from '../exit-codes.ts';
import { pathOf, readProxy, type ServerOptions, tellOwner, withServer } from './proxy-path.ts';

type WrapOptions = ServerOptions & { session?: string };

const LONGEST_SESSION = 256;

/** Standard output is the protocol's. */
const STDERR = 2;

export function addWrapCommand(mcp: Command): void {
  withServer(mcp.command('wrap'))
    .description('a server behind the plane, on standard input and output in place of the server itself')
    .argument('<command...>', 'what starts the server, after --')
    .addOption(
      new Option('--session <name>', 'what the session is called: proxies of one agent in one session are one run').env(
        'COUNTERSIGN_MCP_SESSION',
      ),
    )
    .action((command: string[], options: WrapOptions) => wrap(command, options));
}

async function wrap(started: readonly string[], options: WrapOptions): Promise<void> {
  const session = sessionOf(options);
  const path = pathOf(options, started);
  const file = readProxy(path);
  const [{ startProxy }, { serveStdio }] = await Promise.all([
    import('@countersign/mcp/start-proxy'),
    import('@countersign/mcp/serve-stdio'),
  ]);
  const log = createLogger('mcp', 'info', undefined, STDERR);
  const [command, ...args] = started as [string, ...string[]];
  const left = new Promise<void>((leave) => {
    for (const event of ['end', 'close']) process.stdin.once(event, leave);
    // An answer that nobody takes ends the connection, which then reads no more: the end of the input would never be seen.
    for (const event of ['error', 'close']) process.stdout.once(event, leave);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, leave);
  });
  const proxy = await startProxy({ file, path, upstream: { command, args, env: file.env }, ...session, log }).catch(
    tellOwner,
  );
  const connection = serveStdio(
    { serverFor: () => proxy.serverFor('stdio'), followTasks: proxy.tasksOf('stdio') },
    log,
  );
  await left;
  await connection.close();
  await proxy.stop();
}

/** A variable that is set to nothing names no session, and a run that somebody relies on would be another. */
function sessionOf({ session }: WrapOptions): { session?: string } {
  if (session === undefined) return {};
  if (session.trim() === '' || session.length > LONGEST_SESSION)
    throw new UsageError(`--session: must be 1 to ${LONGEST_SESSION} characters`);
  return { session };
}
