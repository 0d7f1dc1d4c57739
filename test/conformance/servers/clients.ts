/** The clients that servers are driven with, as they ship: both SDKs, in both eras of the protocol, and the Inspector's command line. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Client as NewClient, StreamableHTTPClientTransport as NewHttp } from '@modelcontextprotocol/client';
import { StdioClientTransport as NewStdio } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Call } from './subjects.ts';

export type Result = { content: unknown[]; isError?: boolean; _meta?: Record<string, any> };
export type Server = { command: string[]; env: Record<string, string> } | { url: string; key: string };
export type Driver = AsyncDisposable & {
  /** It takes a held call as a task, and asks until it has ended. */
  waits: boolean;
  tools(): Promise<string[]>;
  call(call: Call): Promise<Result>;
};
export type DriverName = 'sdk-2025' | 'sdk-2026' | 'inspector-2025' | 'inspector-2026';

const INFO = { name: 'conformance', version: '1.0.0' };
const MODERN = '2026-07-28';

/** `inspector`: the folder that it is installed in. A bare server of 2025 is asked in its own era. */
export async function drive(name: DriverName, server: Server, inspector: string, era = eraOf(name)): Promise<Driver> {
  if (name.startsWith('inspector')) return inspectorDriver(inspector, server, era);
  const client =
    name === 'sdk-2025'
      ? new Client(INFO)
      : new NewClient(INFO, { versionNegotiation: { mode: era === 'modern' ? { pin: MODERN } : 'legacy' } });
  await client.connect(transportOf(name, server) as never);
  return {
    waits: false,
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: ({ tool, args }) =>
      (client as Client).callTool({ name: tool, arguments: args }, undefined, { timeout: 120_000 }) as Promise<Result>,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function eraOf(name: DriverName): 'legacy' | 'modern' {
  return name.endsWith('2026') ? 'modern' : 'legacy';
}

function transportOf(name: DriverName, server: Server) {
  if ('url' in server) {
    const requestInit = { headers: { authorization: `Bearer ${server.key}` } };
    const Http = name === 'sdk-2025' ? StreamableHTTPClientTransport : NewHttp;
    return new Http(new URL(server.url), { requestInit });
  }
  const [command, ...args] = server.command as [string, ...string[]];
  const Stdio = name === 'sdk-2025' ? StdioClientTransport : NewStdio;
  return new Stdio({ command, args, env: { PATH: process.env.PATH!, ...server.env }, stderr: 'ignore' });
}

/** A process for each question, as a script would have it. */
function inspectorDriver(folder: string, server: Server, era: string): Driver {
  const ask = async (...more: string[]): Promise<any> => {
    const bin = join(folder, 'node_modules/.bin/mcp-inspector');
    const options = ['--cli', '--format', 'json', '-q', '--connect-timeout', '60000', '--protocol-era', era, ...more];
    const target =
      'url' in server
        ? ['--transport', 'http', '--server-url', server.url, '--header', `Authorization: Bearer ${server.key}`]
        : [
            ...Object.entries(server.env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
            '--',
            ...server.command,
          ];
    const said = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile(bin, [...options, ...target], { timeout: 120_000 }, (_, stdout, stderr) => resolve({ stdout, stderr }));
    });
    if (!said.stdout.startsWith('{')) throw new Error(`the Inspector said: ${said.stdout}${said.stderr}`);
    return JSON.parse(said.stdout).result;
  };
  return {
    waits: era === 'modern',
    tools: async () => (await ask('--method', 'tools/list')).tools.map((tool: { name: string }) => tool.name),
    call: ({ tool, args }) =>
      ask('--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
