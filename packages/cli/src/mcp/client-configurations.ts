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

/** Servers over HTTP by their names, `url` as the client reaches them; the key is the client's own variable, or what it asks for. */
export function servedConfigurations(
  urls: Readonly<Record<string, string>>,
  clients: readonly ClientName[],
): ClientConfiguration[] {
  return clients.map((client) => {
    const { path, member, key, inputs } = FORMS[client];
    const headers = { Authorization: `Bearer \${${key}}` };
    const servers = Object.fromEntries(
      Object.entries(urls).map(([name, url]) => [name, { type: 'http', url, headers }]),
    );
    return { client, path, configuration: { [member]: servers, ...(inputs ? { inputs } : {}) } };
  });
}

const ASKED = { type: 'promptString', id: 'countersign-key', description: "The agent's key", password: true };

/** `key`: what the client puts in for it, in its own words. */
type Form = { path: string; member: string; key: string; inputs?: readonly object[] };

const FORMS: Readonly<Record<ClientName, Form>> = {
  'claude-code': { path: '.mcp.json', member: 'mcpServers', key: 'COUNTERSIGN_API_KEY' },
  cursor: { path: '.cursor/mcp.json', member: 'mcpServers', key: 'env:COUNTERSIGN_API_KEY' },
  vscode: { path: '.vscode/mcp.json', member: 'servers', key: 'input:countersign-key', inputs: [ASKED] },
};
