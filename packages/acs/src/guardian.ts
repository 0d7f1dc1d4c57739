/**
 * A guardian of the Agent Control Standard v0.1.0: reads one message of a host, and answers it signed. It decides nothing itself; what may
 * run is asked of the plane, and whatever fails, is late or not understood is a no.
 */

import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import type { Logger } from '@countersign/platform/logger';
import { errorFields } from '@countersign/platform/logger';
import { type Decision, deny } from './decisions.ts';
import { ACS_VERSION, AcsError, type AcsRequest, readRequest, SKEW_MS } from './envelope.ts';
import { EVENTS, type GuardianFile, type JudgedEvent } from './guardian-file.ts';
import { hello, JUDGED, RECORDED } from './hello.ts';
import type { Judge } from './judge-calls.ts';
import { type AcsCall, MCP_METHODS, readMcp, readToolCall, readToolResult, topicOf } from './read-call.ts';
import type { sessionStore } from './session-store.ts';
import { isSigned, sessionKey, signEnvelope } from './sign-envelope.ts';

export type GuardianParts = {
  file: Pick<GuardianFile, 'secret' | 'key_id' | 'judge' | 'wait_ms'>;
  sessions: ReturnType<typeof sessionStore>;
  judge: Judge;
  transport: 'http' | 'stdio';
  log: Logger;
  now(): number;
};
export type Answer = { jsonrpc: '2.0'; id: string | number | null; result?: object; error?: object };
export type Guardian = (message: string | Uint8Array, hostGone: AbortSignal) => Promise<Answer>;

export function guardian(parts: GuardianParts): Guardian {
  const { file, log } = parts;
  return async (message, hostGone) => {
    const read = readRequest(message);
    if (!read.ok) return failure(read.id, read.error);
    const { request } = read;
    const { id, params } = request;
    if (request.method === 'system/ping') return { jsonrpc: '2.0', id, result: pong(request, parts.now()) };
    const key = sessionKey(file.secret, params.metadata.session_id);
    const sign = (answer: Answer): Answer =>
      signEnvelope(answer, answer.error === undefined ? 'result' : 'error', key, file.key_id);
    try {
      requireAuthentic(request, key, parts.now());
      const result = await answerTo(parts, request, hostGone);
      const { request_id } = params;
      return sign({ jsonrpc: '2.0', id, result: { type: 'final', acs_version: ACS_VERSION, request_id, ...result } });
    } catch (thrown) {
      if (!(thrown instanceof AcsError)) log.error(errorFields(thrown), 'a message could not be answered');
      return sign(failure(id, thrown instanceof AcsError ? thrown : new AcsError('INTERNAL_ERROR', 'not answered')));
    }
  };
}

function requireAuthentic({ params, ...rest }: AcsRequest, key: Buffer, now: number): void {
  if (!isSigned({ ...rest, params }, 'params', key))
    throw new AcsError('SIGNATURE_INVALID', 'not signed for this session');
  if (!params.acs_version.startsWith('0.'))
    throw new AcsError('UNSUPPORTED_VERSION', `this is ${ACS_VERSION}`, { supported_versions: [ACS_VERSION] });
  if (Math.abs(Date.parse(params.timestamp) - now) > SKEW_MS)
    throw new AcsError('TIMESTAMP_OUT_OF_WINDOW', 'the clocks differ', { skew_window_ms: SKEW_MS });
}

async function answerTo(parts: GuardianParts, request: AcsRequest, hostGone: AbortSignal): Promise<object> {
  const { method, params } = request;
  const session = parts.sessions.open(params.metadata.session_id);
  if (method === 'handshake/hello') {
    const said = hello(request, parts);
    session.negotiate(params.request_id, params.nonce, said.methods_evaluated);
    // Flat as the standard's schema has it, and under `payload` where hosts of its first months look.
    return { decision: 'allow', ...said, payload: said };
  }
  if (!JUDGED.has(method) && !RECORDED.has(method) && !method.startsWith('protocols/MCP/'))
    throw new AcsError('METHOD_NOT_FOUND', 'no method of this guardian');
  if (session.methods === null) throw new AcsError('CAPABILITY_NOT_NEGOTIATED', 'no handshake', { method });
  const before = session.head;
  const claimed = params.metadata.session_state?.chain_hash;
  const { request_id: step_id, timestamp } = params;
  const request_hash = sha256Hex(encodeUtf8(canonicalize(params)));
  const entry = { entry_id: step_id, step_id, step_type: method, request_hash, timestamp };
  const head = session.append(entry, params.nonce);
  const started = parts.now();
  const { session_id, agent_id } = params.metadata;
  const reports = session.methods.includes('steps/toolCallResult') || method.startsWith('protocols/MCP/');
  const decision =
    claimed !== undefined && claimed !== before
      ? deny('chain_mismatch', 'The host knows another history of this session.')
      : await decide(parts, request, { session_id, agent_id, head, reports }, hostGone);
  const evaluation_duration_ms = Math.max(0, Math.round(parts.now() - started));
  return { ...decision, chain_hash: head, metadata: { evaluator: 'deterministic', evaluation_duration_ms } };
}

function decide(
  { judge, file }: GuardianParts,
  request: AcsRequest,
  step: Parameters<Judge['call']>[0],
  hostGone: AbortSignal,
): Promise<Decision> | Decision {
  const { method, params } = request;
  if (method === 'steps/toolCallRequest') return judge.call(step, readToolCall(request), hostGone);
  if (method === 'steps/toolCallResult') return judge.result(step, readToolResult(request));
  if (MCP_METHODS.includes(method)) {
    const read = readMcp(request);
    return 'ref' in read ? judge.result(step, read) : judge.call(step, read, hostGone);
  }
  if (method.startsWith('protocols/MCP/'))
    return deny(
      'mcp_not_judged',
      'This guardian judges no such request of MCP. Put the server behind `countersign mcp`.',
    );
  if (method === 'steps/sessionEnd') judge.leave(step.session_id);
  const event = EVENTS.find((each) => method === `steps/${each}`);
  if (event === undefined || !file.judge.includes(event)) return { decision: 'allow', reason_codes: ['recorded_only'] };
  return judge.event(step, eventCall(event, params), null, hostGone);
}

function eventCall(event: JudgedEvent, { request_id, payload }: AcsRequest['params']): AcsCall {
  const name = event.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { key: request_id, tool: event, topic: topicOf('event', name), input: payload };
}

function pong({ params }: AcsRequest, now: number): object {
  const { echo } = params.payload;
  const said = typeof echo === 'string' ? { echo } : {};
  const payload = { status: 'ok', ...said, server_timestamp: new Date(now).toISOString() };
  return { type: 'final', acs_version: ACS_VERSION, request_id: params.request_id, decision: 'allow', payload };
}

function failure(id: Answer['id'], { code, message, data }: AcsError): Answer {
  return { jsonrpc: '2.0', id, error: { code, message, data } };
}
