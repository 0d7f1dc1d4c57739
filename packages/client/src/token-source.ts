/** Short-lived tokens for a long-lived credential: fetched when first needed, and again before they end. */
import type { TokenAnswer, TokenRequest } from '@countersign/contracts/http';
import { type ClientOptions, sendForJson, type TokenSource } from './send-request.ts';

/** Of a token's life, what is used before the next one is asked for. */
const USED = 0.8;

/** `options` with the credential that is exchanged. What it answers throws as any request does; the next call tries again. */
export function createTokenSource(options: ClientOptions, request: TokenRequest = {}): TokenSource {
  let held: { token: Promise<string>; until: number } | null = null;
  return () => {
    if (held !== null && performance.now() < held.until) return held.token;
    const asked = performance.now();
    const answer = sendForJson<TokenAnswer>(options, { method: 'POST', path: '/token', body: request });
    // Until the answer is there everybody waits for the same one.
    const next = { token: answer.then(({ access_token }) => access_token), until: Number.POSITIVE_INFINITY };
    held = next;
    answer.then(
      ({ expires_in }) => {
        next.until = asked + expires_in * 1000 * USED;
      },
      () => {
        if (held === next) held = null;
      },
    );
    return next.token;
  };
}
