/** `countersign mcp demo -- <command…>`: what clients of MCP have to be told, so that they start the server behind the plane. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Output, print } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { writeText } from '../read-file.ts';
import {
  CLIENTS,
  type ClientConfiguration,
  type ClientName,
  clientConfigurations,
  servedConfigurations,
} from './client-configurations.ts';
import { pathOf, readProxy, type ServerOptions, withServer } from './proxy-path.ts';
import { readServeFile } from './read-serve-file.ts';

type DemoOptions = ServerOptions & { client?: ClientName; out?: string; serve?: string; base?: string };

export function addDemoCommand(mcp: Command, output: Output): void {
  withServer(mcp.command('demo'))
    .description('the configuration with which a client starts a server behind the plane')
    .argument('[command...]', 'what starts the server, after --')
    .option(
      '--serve <file>',
      'the file of `countersign mcp serve`, whose servers clients reach over HTTP, in place of a command',
    )
    .option('--base <url>', 'where clients reach it; left out, where it listens')
    .addOption(new Option('--client <name>', 'for one alone; left out, for each').choices(CLIENTS))
    .option('--out <folder>', "the project's folder, in which it is written; nothing is overwritten")
    .action((started: string[], options: DemoOptions, command: Command) =>
      print(output, command, demo(started, options), show),
    );
}

/** Throws UsageError where the proxy's file is not there: the client could not start the server. */
function demo(command: readonly string[], options: DemoOptions): ClientConfiguration[] {
  const clients = options.client ? [options.client] : CLIENTS;
  const made = options.serve === undefined ? wrapped(command, options, clients) : served(command, options, clients);
  if (options.out !== undefined) write(options.out, made);
  return made;
}

function served(
  command: readonly string[],
  { serve, base }: DemoOptions,
  clients: readonly ClientName[],
): ClientConfiguration[] {
  if (command.length > 0) throw new UsageError('with --serve, the file says what starts the servers');
  const { listen, servers } = readServeFile(serve!).settings;
  const own = `${listen.tls === undefined ? 'http' : 'https'}://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`;
  if (base !== undefined && !/^https?:$/.test(URL.parse(base)?.protocol ?? ''))
    throw new UsageError('--base: must be an http or https address');
  if (base === undefined && listen.port === 0)
    throw new UsageError('--base: give it, since the file leaves the port open');
  const under = (base ?? own).replace(/\/+$/, '');
  return servedConfigurations(
    Object.fromEntries(Object.keys(servers).map((name) => [name, `${under}/${name}`])),
    clients,
  );
}

function wrapped(
  command: readonly string[],
  options: DemoOptions,
  clients: readonly ClientName[],
): ClientConfiguration[] {
  if (command.length === 0) throw new UsageError('give what starts the server, after --, or --serve');
  const file = resolve(pathOf(options, command));
  const { server } = readProxy(file);
  const countersign = [process.execPath, resolve(process.argv[1]!)] as const;
  return clientConfigurations({ server, countersign, file, command }, clients);
}

/** All or none. */
function write(folder: string, made: readonly ClientConfiguration[]): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--out: ${folder} is no folder; name the project's own`);
  const there = made.map(({ path }) => join(folder, path)).filter((path) => existsSync(path));
  if (there.length > 0)
    throw new UsageError(`${there.join(', ')}: exists already; leave out --out, and put what is printed into it`);
  for (const { path, configuration } of made) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeText(join(folder, path), textOf(configuration), { exclusive: true });
  }
}

function show(made: readonly ClientConfiguration[]): string {
  return made
    .map(({ client, path, configuration }) => `${client}: ${path}\n${textOf(configuration)}`)
    .join('\n')
    .trimEnd();
}

function textOf(configuration: ClientConfiguration['configuration']): string {
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
