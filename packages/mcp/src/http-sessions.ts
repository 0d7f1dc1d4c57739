/**
 * Sessions of the 2025 era over HTTP. One belongs to the caller that began it and to one server; its id alone opens nothing,
 * since each request brings its own credential.
 */
import { randomUUID } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';
import { type AuthInfo, type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';

export type SessionRequest = { request: Request; body: unknown; authInfo: AuthInfo };
export type HttpSessions = {
  /** Throws `session_unknown` and `overloaded`. */
  handle(owner: Owner, asked: SessionRequest, serverFor: () => Promise<Server>): Promise<Response>;
  close(): Promise<void>;
};

/** Whose it is, and for which server. */
export type Owner = { who: string; server: string };

type Session = { owner: Owner; transport: WebStandardStreamableHTTPServerTransport; server: Server; used: number };

const LOOK_MS = 10_000;

export function httpSessions(): HttpSessions {
  const open = new Map<string, Session>();
  const end = async (id: string): Promise<void> => {
    const session = open.get(id);
    open.delete(id);
    await session?.server.close();
  };
  const timer = setInterval(() => {
    const before = monotonicMs() - LIMITS.mcp_session_ms;
    for (const [id, { used }] of open) if (used < before) void end(id);
  }, LOOK_MS);
  timer.unref();

  const begin = async (owner: Owner, serverFor: () => Promise<Server>): Promise<Session> => {
    await makeRoom(open, owner.who, end);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void open.set(id, session),
      onsessionclosed: (id) => void open.delete(id),
    });
    const server = await serverFor();
    const session: Session = { owner, transport, server, used: monotonicMs() };
    await server.connect(transport);
    return session;
  };
  return {
    async handle(owner, { request, body, authInfo }, serverFor) {
      const id = request.headers.get('mcp-session-id');
      const known = id === null ? undefined : open.get(id);
      if (id !== null && !isOf(known, owner)) throw new CountersignError('session_unknown');
      const session = known ?? (await begin(owner, serverFor));
      session.used = monotonicMs();
      const answer = await session.transport.handleRequest(request, { parsedBody: body, authInfo });
      // What opened none has no session, and nothing else would end it.
      if (known === undefined && session.transport.sessionId === undefined) await session.server.close();
      return answer;
    },
    async close() {
      clearInterval(timer);
      await Promise.all([...open.keys()].map(end));
    },
  };
}

function isOf(session: Session | undefined, { who, server }: Owner): boolean {
  return session?.owner.who === who && session.owner.server === server;
}

/** A client that ended without a word leaves its session behind, and must not lock itself out by that. */
async function makeRoom(open: Map<string, Session>, who: string, end: (id: string) => Promise<void>): Promise<void> {
  const own = [...open].filter(([, { owner }]) => owner.who === who).sort(([, a], [, b]) => a.used - b.used);
  if (own.length >= LIMITS.mcp_agent_sessions) await end(own[0]![0]);
  else if (open.size >= LIMITS.mcp_sessions) throw new CountersignError('overloaded', 'too many sessions are open');
}
