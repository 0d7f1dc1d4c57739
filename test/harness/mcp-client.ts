/** A client of MCP as it ships, talking to the proxy or to a bare server that it starts itself. */
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { SHELL_ENV } from './shell-env.ts';

export type McpClient = AsyncDisposable & {
  client: Client;
  /** Of the server's process, the proxy where there is one. */
  pid(): number;
  call(name: string, args?: Record<string, unknown>, meta?: Record<string, unknown>): Promise<McpResult>;
};
export type McpResult = {
  content: { type: string; text: string }[];
  isError?: boolean;
  _meta?: any;
  [member: string]: any;
};

export const FILESYSTEM = [`${PROJECT_DIR}/test/node_modules/.bin/mcp-server-filesystem`];

/** `countersign` and these arguments, run by this Node. */
export function countersignCommand(...args: string[]): string[] {
  return [process.execPath, `${PROJECT_DIR}/packages/cli/src/main.ts`, ...args];
}

export async function connectMcp([command, ...args]: string[], env: Record<string, string> = {}): Promise<McpClient> {
  const client = new Client({ name: 'test-client', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: command!,
    args,
    env: { ...SHELL_ENV, ...env },
    stderr: 'ignore',
  });
  await client.connect(transport);
  return {
    client,
    pid: () => transport.pid!,
    call: (name, args_ = {}, meta = {}) =>
      client.callTool({ name, arguments: args_, _meta: meta }) as Promise<McpResult>,
    [Symbol.asyncDispose]: () => client.close(),
  };
}
