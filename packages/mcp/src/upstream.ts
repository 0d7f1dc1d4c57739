/**
 * The server behind: spawned or reached over HTTP, started again for the next request when it is gone. It is told of no
 * capability of the client's, so nothing of its own comes through beside results: no sampling, elicitation or log line.
 */

import { type Environment, processEnvironment } from '@countersign/platform/environment';
import type { Logger } from '@countersign/platform/logger';
import {
  Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';
import type { Params } from './names.ts';
import { digestOf, type Tool } from './tool-record.ts';

/** What starts it, or where it is. */
export type UpstreamAddress =
  | { command: string; args: readonly string[]; env?: Record<string, string>; cwd?: string; era?: Era }
  | { url: string; headers?: Record<string, string>; era?: Era };
/** `auto` asks which era of the protocol it speaks, for which a command is started once more; `legacy` is that of 2025. */
export type Era = 'legacy' | 'auto';
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
  override readonly name = 'UpstreamError';
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

const MOST_TOOLS = 1_000;
/** Of a list, whatever is in them: one that never ends is given up. */
const MOST_PAGES = 1_000;
/** Lines that are no message before the first one that is: a banner is passed over, a program that speaks something else is not waited for. */
const MOST_UNREAD = 20;
/** The job's own timeout ends a call, not the library's. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
const CONNECT_MS = 60_000;
const anything = z.looseObject({});
const listed = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string() })),
  nextCursor: z.string().optional(),
});

export function openUpstream(address: UpstreamAddress, options: UpstreamOptions): Upstream {
  let current: Promise<Connection> | undefined;
  const closed = new AbortController();
  const connected = (): Promise<Connection> => {
    const opening = current ?? connect(address, options, closed.signal, () => forget(opening));
    current = opening;
    return opening.catch((thrown: unknown) => {
      forget(opening);
      const { message } = thrown as Error;
      options.log.error({ reason: message }, 'the server behind cannot be reached');
      throw new UpstreamError('upstream_gone', `the server behind cannot be started: ${message}`);
    });
  };
  const forget = (opened: Promise<Connection>): void => {
    if (current === opened) current = undefined;
  };
  /** A connection of which nothing came back is left to what else is under way on it, and the next request opens another. */
  const using = async <T>(ask: (client: Client) => Promise<T>): Promise<T> => {
    const connection = await connected();
    connection.asking += 1;
    try {
      return await ask(connection.client);
    } catch (thrown) {
      if ('url' in address && !ProtocolError.isInstance(thrown)) {
        connection.spent = true;
        current = undefined;
      }
      throw thrown;
    } finally {
      connection.asking -= 1;
      if (connection.spent && connection.asking === 0) await connection.client.close();
    }
  };
  return {
    capabilities: async () => (await connected()).client.getServerCapabilities() ?? {},
    listTools: () => using((client) => listAll(client, options.log)),
    request: (method, params, signal) =>
      using((client) => client.request({ method, params }, anything, { signal, timeout: NO_TIMEOUT_MS })).catch(
        (thrown: unknown) => {
          signal.throwIfAborted();
          if (ProtocolError.isInstance(thrown)) throw new UpstreamError(`mcp_${thrown.code}`, thrown.message);
          if (thrown instanceof UpstreamError) throw thrown;
          // It was asked, so what it did is not known here.
          const detail = 'the server behind ended before it answered; it may have done its work';
          throw new UpstreamError('upstream_gone', detail);
        },
      ),
    async close() {
      closed.abort();
      const connection = await current?.catch(() => undefined);
      await connection?.client.close();
    },
  };
}

type Connection = { client: Client; asking: number; spent: boolean };

/** Throws UpstreamError. */
async function listAll(client: Client, log: Logger): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page === 0 || cursor !== undefined; page += 1) {
    if (page === MOST_PAGES)
      throw new UpstreamError('upstream_failed', 'the list of tools of the server behind has no end');
    const params = cursor === undefined ? {} : { cursor };
    const { tools: more, nextCursor } = await client
      .request({ method: 'tools/list', params }, listed, { timeout: CONNECT_MS })
      .catch((thrown: Error) => {
        throw new UpstreamError('upstream_failed', `the server behind does not list its tools: ${thrown.message}`);
      });
    tools.push(...more.filter((tool) => hasDigest(tool, log)));
    cursor = nextCursor;
    if (tools.length > MOST_TOOLS || (tools.length === MOST_TOOLS && cursor !== undefined)) {
      log.warn({ most: MOST_TOOLS }, 'the server behind lists more tools than can be offered; the others are off');
      break;
    }
  }
  return tools.slice(0, MOST_TOOLS);
}

/** What has no canonical text (half a character, a number beyond all numbers) cannot be told from another definition. */
function hasDigest(tool: Tool, log: Logger): boolean {
  try {
    digestOf(tool);
    return true;
  } catch {
    log.warn({ tool: tool.name.slice(0, 100) }, 'a tool whose definition is no exact JSON is off');
    return false;
  }
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

/** `closed`: ends one that is not open yet, too. */
async function connect(
  address: UpstreamAddress,
  options: UpstreamOptions,
  closed: AbortSignal,
  onGone: () => void,
): Promise<Connection> {
  const versionNegotiation = { mode: address.era ?? 'legacy' } as const;
  const client = new Client({ name: 'countersign', version: '0.1.0' }, { versionNegotiation });
  const transport = transportOf(address);
  closed.throwIfAborted();
  const end = (): void => void transport.close();
  closed.addEventListener('abort', end);
  let unread = 0;
  let isOpen = false;
  client.onerror = ({ name }) => {
    unread += 1;
    // One that prints its log there does so with each request.
    if (unread === 1) options.log.warn({ error: name }, 'the server behind said something unexpected');
    if (unread === MOST_UNREAD && !isOpen) void transport.close();
  };
  client.onclose = () => {
    closed.removeEventListener('abort', end);
    onGone();
  };
  client.setNotificationHandler('notifications/tools/list_changed', () => options.onToolsChanged?.());
  await client.connect(transport, { timeout: CONNECT_MS }).catch((thrown: Error) => {
    closed.removeEventListener('abort', end);
    if (!('command' in address)) throw thrown;
    if (unread >= MOST_UNREAD)
      throw new Error('what it prints on standard output is no message of MCP', { cause: thrown });
    if (!isTimeout(thrown)) throw thrown;
    throw new Error(`it said nothing of MCP on standard output for ${CONNECT_MS / 1000} s`, { cause: thrown });
  });
  isOpen = true;
  return { client, asking: 0, spent: false };
}

function isTimeout(thrown: Error): boolean {
  return thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout;
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
    // Led elsewhere, the credential would go along.
    return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers, redirect: 'error' } });
  }
  const { command, args, env = {}, cwd } = address;
  const given = { command, args: [...args], env: serverEnvironment(processEnvironment(), env) };
  return new StdioClientTransport({ ...given, ...(cwd === undefined ? {} : { cwd }), stderr: 'inherit' });
}
