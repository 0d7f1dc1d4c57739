/**
 * What a client of MCP has to be told to start a wrapped server, in the form that each reads from a project's folder. There is
 * no secret in it: the keys stay in the proxy's file.
 */

export const CLIENTS = ['claude-code', 'cursor', 'vscode'] as const;
export type ClientName = (typeof CLIENTS)[number];
/** `path`: from the project's folder. */
export type ClientConfiguration = { client: ClientName; path: string; configuration: Record<string, unknown> };

export type Wrapped = {
  server: string;
  /** Starts this command line: a program, then its arguments. */
  countersign: readonly [string, ...string[]];
  /** Of the proxy, absolute: nobody knows where the client starts it. */
  file: string;
  /** What starts the server. */
  command: readonly string[];
};

/** Formats: code.claude.com/docs/en/mcp, cursor.com/docs/mcp, code.visualstudio.com/docs/copilot/reference/mcp-configuration. */
export function clientConfigurations(wrapped: Wrapped, clients: readonly ClientName[]): ClientConfiguration[] {
  const [command, ...before] = wrapped.countersign;
  const args = [...before, 'mcp', 'wrap', '--file', wrapped.file, '--', ...wrapped.command];
  const servers = { [wrapped.server]: { type: 'stdio', command, args } };
  return clients.map((client) => {
    const { path, member } = FORMS[client];
    return { client, path, configuration: { [member]: servers } };
  });
}

const FORMS: Readonly<Record<ClientName, { path: string; member: string }>> = {
  'claude-code': { path: '.mcp.json', member: 'mcpServers' },
  cursor: { path: '.cursor/mcp.json', member: 'mcpServers' },
  vscode: { path: '.vscode/mcp.json', member: 'servers' },
};
