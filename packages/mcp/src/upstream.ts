/**
 * The server behind: spawned or reached over HTTP, started again for the next request when it is gone. It is told of no
 * capability of the client's, so nothing of its own comes through beside results: no sampling, elicitation or log line.
 */

import { type Environment, processEnvironment } from '@countersign/platform/environment';
import type { Logger } from '@countersign/platform/logger';
import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';
import type { Params } from './names.ts';
import type { Tool } from './tool-record.ts';

/** What starts it, or where it is. */
export type UpstreamAddress =
  | { command: string; args: readonly string[]; env?: Record<string, string>; cwd?: string }
  | { url: string; headers?: Record<string, string> };
export type UpstreamOptions = { log: Logger; onToolsChanged?: () => void };

export type Upstream = {
  /** What the server says of itself; connects. */
  capabilities(): Promise<Record<string, unknown>>;
  /** Every page. */
  listTools(): Promise<Tool[]>;
  /** Throws UpstreamError. An abort is passed on as a cancellation, and nothing is waited for. */
  request(method: string, params: Params, signal: AbortSignal): Promise<Record<string, unknown>>;
  close(): Promise<void>;
};

/** `code` is the server's own number as text (`mcp_-32602`), `upstream_gone` or `upstream_failed`. */
export class UpstreamError extends Error {
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

const MOST_TOOLS = 1_000;
/** The job's own timeout ends a call, not the library's. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
const CONNECT_MS = 60_000;
const anything = z.looseObject({});
const listed = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string() })),
  nextCursor: z.string().optional(),
});

export function openUpstream(address: UpstreamAddress, options: UpstreamOptions): Upstream {
  let current: Promise<Client> | undefined;
  const connected = (): Promise<Client> => {
    current ??= connect(address, options, () => {
      current = undefined;
    }).catch((thrown: unknown) => {
      current = undefined;
      throw new UpstreamError('upstream_gone', `the server behind cannot be started: ${(thrown as Error).message}`);
    });
    return current;
  };
  return {
    capabilities: async () => (await connected()).getServerCapabilities() ?? {},
    async listTools() {
      const client = await connected();
      const tools: Tool[] = [];
      let cursor: string | undefined;
      do {
        const params = cursor === undefined ? {} : { cursor };
        const page = await client.request({ method: 'tools/list', params }, listed, { timeout: CONNECT_MS });
        tools.push(...page.tools);
        cursor = page.nextCursor;
      } while (cursor !== undefined && tools.length < MOST_TOOLS);
      return tools.slice(0, MOST_TOOLS);
    },
    async request(method, params, signal) {
      const client = await connected();
      try {
        return await client.request({ method, params }, anything, { signal, timeout: NO_TIMEOUT_MS });
      } catch (thrown) {
        signal.throwIfAborted();
        if (ProtocolError.isInstance(thrown)) throw new UpstreamError(`mcp_${thrown.code}`, thrown.message);
        // It was asked, so what it did is not known here.
        throw new UpstreamError(
          'upstream_gone',
          'the server behind ended before it answered; it may have done its work',
        );
      }
    },
    async close() {
      const client = await current?.catch(() => undefined);
      await client?.close();
    },
  };
}

/** Starts it for this question alone. Throws UpstreamError. */
export async function listTools(address: UpstreamAddress, log: Logger): Promise<Tool[]> {
  const upstream = openUpstream(address, { log });
  try {
    return await upstream.listTools();
  } finally {
    await upstream.close();
  }
}

async function connect(address: UpstreamAddress, options: UpstreamOptions, onGone: () => void): Promise<Client> {
  const client = new Client({ name: 'countersign', version: '0.1.0' });
  client.onerror = ({ name }) => options.log.warn({ error: name }, 'the server behind said something unexpected');
  client.onclose = onGone;
  client.setNotificationHandler('notifications/tools/list_changed', () => options.onToolsChanged?.());
  await client.connect(transportOf(address), { timeout: CONNECT_MS });
  return client;
}

/**
 * What a server gets of ours: the usual (`PATH`, `HOME`, ...), and where the machine's certificates are, without which `npx`
 * waits in vain for a registry behind a proxy of the company's. Nothing with a secret in it but what its owner named.
 */
export function serverEnvironment(ours: Environment, named: Record<string, string>): Record<string, string> {
  const certificates = CERTIFICATES.flatMap((name) => (ours[name] === undefined ? [] : [[name, ours[name]] as const]));
  return { ...getDefaultEnvironment(), ...Object.fromEntries(certificates), ...named };
}

const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

function transportOf(address: UpstreamAddress) {
  if ('url' in address) {
    const { url, headers = {} } = address;
    return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  }
  const { command, args, env = {}, cwd } = address;
  const given = { command, args: [...args], env: serverEnvironment(processEnvironment(), env) };
  return new StdioClientTransport({ ...given, ...(cwd === undefined ? {} : { cwd }), stderr: 'inherit' });
}
