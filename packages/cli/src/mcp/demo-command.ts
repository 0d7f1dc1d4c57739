/** `countersign mcp demo -- <command…>`: what clients of MCP have to be told, so that they start the server behind the plane. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Output, print } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { writeText } from '../read-file.ts';
import { CLIENTS, type ClientConfiguration, type ClientName, clientConfigurations } from './client-configurations.ts';
import { pathOf, readProxy, type ServerOptions, withServer } from './proxy-path.ts';

type DemoOptions = ServerOptions & { client?: ClientName; out?: string };

export function addDemoCommand(mcp: Command, output: Output): void {
  withServer(mcp.command('demo'))
    .description('the configuration with which a client starts a server behind the plane')
    .argument('<command...>', 'what starts the server, after --')
    .addOption(new Option('--client <name>', 'for one alone; left out, for each').choices(CLIENTS))
    .option('--out <folder>', "the project's folder, in which it is written; nothing is overwritten")
    .action((started: string[], options: DemoOptions, command: Command) =>
      print(output, command, demo(started, options), show),
    );
}

/** Throws UsageError where the proxy's file is not there: the client could not start the server. */
function demo(command: readonly string[], options: DemoOptions): ClientConfiguration[] {
  const file = resolve(pathOf(options, command));
  const { server } = readProxy(file);
  const countersign = [process.execPath, resolve(process.argv[1]!)] as const;
  const made = clientConfigurations(
    { server, countersign, file, command },
    options.client ? [options.client] : CLIENTS,
  );
  if (options.out !== undefined) write(options.out, made);
  return made;
}

/** All or none. */
function write(folder: string, made: readonly ClientConfiguration[]): void {
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
