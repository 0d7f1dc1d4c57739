/** Which server a command is about, and where the file lies that its proxy starts from. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isToken } from '@countersign/contracts/names';
import { LONGEST_SERVER, serverNameOf } from '@countersign/mcp/names';
import { type ProxyFile, readProxyFile } from '@countersign/mcp/proxy-file';
import { processEnvironment } from '@countersign/platform/environment';
import { type Command, Option } from 'commander';
import { UsageError } from '../exit-codes.ts';

export type ServerOptions = { server?: string; file?: string };

export function withServer(command: Command): Command {
  return command
    .addOption(new Option('--server <name>', 'what it is called in topics; left out, the command says it'))
    .addOption(
      new Option('--file <file>', "the proxy's file; left out, mcp/<server>.json in the user's configuration").env(
        'COUNTERSIGN_MCP_FILE',
      ),
    );
}

/** `command`: what starts the server, where it was given. Throws UsageError. */
export function serverOf({ server }: ServerOptions, command: readonly string[]): string {
  const name = server ?? serverNameOf(command);
  if (name === null) throw new UsageError('what the server is called cannot be read off its command: give --server');
  if (!isToken(name) || name.length > LONGEST_SERVER)
    throw new UsageError(`--server: must be 1 to ${LONGEST_SERVER} of a-z, 0-9, _ and -`);
  return name;
}

export function pathOf(options: ServerOptions, command: readonly string[]): string {
  return options.file ?? join(configurationFolder(), `${serverOf(options, command)}.json`);
}

/** Throws UsageError. */
export function readProxy(path: string): ProxyFile {
  try {
    return readProxyFile(path);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    throw new UsageError(`${thrown.message}; \`countersign mcp add\` writes it`);
  }
}

/** What stays wrong until somebody changes something: the client shows what stands on standard error. */
export function tellOwner(thrown: unknown): never {
  const { name, message } = thrown as Error;
  if (!(thrown instanceof TypeError) && !/^(WorkerStartError|UpstreamError|ListenError)$/.test(name)) throw thrown;
  throw new UsageError(message);
}

function configurationFolder(): string {
  return join(processEnvironment().XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'countersign', 'mcp');
}
