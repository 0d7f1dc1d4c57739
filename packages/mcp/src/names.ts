/**
 * What a server's calls are called in Countersign. A tool is a topic of its own, so that a policy can name it; a name that
 * fits no topic becomes a slug and the beginning of its hash, and the original stays beside it as a fact.
 */
import type { MCP_REQUESTS } from '@countersign/adapter-core/mcp-requests';
import { topicToken } from '@countersign/adapter-core/topic-token';
import { isToken } from '@countersign/contracts/names';

/** Those that reach the server behind. Nothing else is passed on. */
export type Method = (typeof MCP_REQUESTS)[number];
export type Params = Record<string, unknown>;

/** The pool whose only worker is the proxy of this server. */
export function poolOf(server: string): string {
  return `mcp-${server}`;
}

/** `job.mcp.<server>.<tool>`; other requests have a segment more (`resources.read`), so none is ever taken for a tool. */
export function topicOf(server: string, method: Method, params: Params): string {
  const last = method === 'tools/call' ? topicToken(String(params.name)) : method.replaceAll('/', '.');
  return `job.mcp.${server}.${last}`;
}

/** Which server a command starts, where nobody says: `@modelcontextprotocol/server-git` → `git`, `@playwright/mcp` → `playwright`. */
export function serverNameOf(command: readonly string[]): string | null {
  const named = command.find((each) => /(^|[/@-])(server|mcp)([-/@]|$)/.test(each));
  const parts = (named ?? '').replace(/@[\d.]+$|@latest$/, '').split('/');
  const own = parts.at(-1) === 'mcp' ? parts.at(-2)?.replace('@', '') : parts.at(-1);
  const name = own?.replace(/^(mcp-)?server-|^mcp-|-mcp$|\.[cm]?[jt]s$/g, '').toLowerCase();
  return name !== undefined && isToken(name) && name.length <= LONGEST_SERVER ? name : null;
}

/** A pool's name is a token of 64 at most. */
export const LONGEST_SERVER = 60;
