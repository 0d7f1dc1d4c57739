/**
 * A held request shown as a link, where this very request declared that its client opens links (2026-07-28, `elicitation.url`). What
 * comes back says that somebody looked or would not, and is never a vote: the job's state alone decides. A request is shown its
 * link once; asked again with it, it waits, and is then pending in words like any other.
 */
import type { Settled } from '@countersign/adapter-core/read-outcome';
import { tell } from '@countersign/adapter-core/words';
import {
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { McpResult } from './show-outcome.ts';

export type Links = {
  /** Null where it is to be said in words. */
  show(outcome: Settled, ctx: ServerContext): Promise<McpResult | null>;
  /** The link was shown and not opened: whoever asks waits no longer for it. */
  declined(ctx: ServerContext): boolean;
  /** Throws for a state that is not of ours, of another caller or over. */
  verify(state: string, ctx: ServerContext): Promise<unknown>;
};

const QUESTION = 'countersign';
/** Of an approval that says no end. */
const TTL_MS = 60 * 60 * 1000;

/** `key`: 32 bytes, the same for all processes of the proxy. `nameOf`: whose request it is. */
export function linksFor(key: Uint8Array, server: string, nameOf: (ctx: ServerContext) => string): Links {
  const bind = (ctx: ServerContext): string => JSON.stringify([server, nameOf(ctx), ctx.mcpReq.method]);
  const codecFor = (ttl_ms: number) =>
    createRequestStateCodec<string>({ key, bind, ttlSeconds: Math.max(1, Math.ceil(ttl_ms / 1000)) });
  return {
    async show(outcome, ctx) {
      if (outcome.kind !== 'pending' || outcome.url === null) return null;
      if (!opensLinks(ctx) || ctx.mcpReq.requestState() !== undefined) return null;
      const { url, expires_at, job_id } = outcome;
      const left_ms = expires_at === null ? TTL_MS : Date.parse(expires_at) - Date.now();
      const inputRequests = { [QUESTION]: inputRequired.elicitUrl({ url, message: tell(outcome).text }) };
      return inputRequired({ inputRequests, requestState: await codecFor(left_ms).mint(job_id, ctx) });
    },
    declined(ctx) {
      const answer = ctx.mcpReq.inputResponses?.[QUESTION] as { action?: unknown } | undefined;
      return answer !== undefined && answer.action !== 'accept';
    },
    verify: (state, ctx) => codecFor(TTL_MS).verify(state, ctx),
  };
}

function opensLinks({ mcpReq }: ServerContext): boolean {
  const declared = (mcpReq.envelope as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_CAPABILITIES_META_KEY];
  return (declared as { elicitation?: { url?: unknown } } | undefined)?.elicitation?.url !== undefined;
}
