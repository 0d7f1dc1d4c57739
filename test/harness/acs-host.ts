/** A host of the Agent Control Standard, as its adapters behave: it signs, verifies and binds each answer, and runs nothing without a yes. */
import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import { canonicalize } from '@countersign/ledger/canonical-json';

export type Answered = { id: unknown; result?: any; error?: any };
export type Send = (message: string) => Promise<Answered>;
export type AcsHost = {
  session_id: string;
  /** The signed message, to be sent or altered. */
  make(method: string, payload: object, changes?: Record<string, unknown>): any;
  sign(message: any): any;
  /** Whether the answer is signed for this session, and answers this message. */
  isAuthentic(message: any, answered: Answered): boolean;
  ask(method: string, payload: object, changes?: Record<string, unknown>): Promise<Answered>;
  hello(changes?: Record<string, unknown>): Promise<Answered>;
};

export function acsHost(secret: string, send: Send, session_id: string = randomUUID()): AcsHost {
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret), Buffer.alloc(32), session_id, 32));
  const mac = (message: any, part: string): string => {
    const { signature: _, ...rest } = message[part];
    return createHmac('sha256', key)
      .update(canonicalize({ ...message, [part]: rest }))
      .digest('base64');
  };
  const sign = (message: any): any => {
    const value = mac(message, 'params');
    return { ...message, params: { ...message.params, signature: { algorithm: 'HMAC-SHA256', value, key_id: 'k' } } };
  };
  const make: AcsHost['make'] = (method, payload, changes = {}) =>
    sign({
      jsonrpc: '2.0',
      id: randomUUID(),
      method,
      params: {
        acs_version: '0.1.0',
        request_id: randomUUID(),
        timestamp: new Date().toISOString(),
        metadata: { agent_id: 'claude-code:0a1b2c3d', session_id, platform: 'test' },
        payload,
        ...changes,
      },
    });
  const isAuthentic: AcsHost['isAuthentic'] = (message, answered) => {
    const part = answered.error === undefined ? 'result' : 'error';
    if (answered.id !== message.id) return false;
    if (part === 'result' && answered.result.request_id !== message.params.request_id) return false;
    return (answered as any)[part].signature?.value === mac(answered, part);
  };
  const ask: AcsHost['ask'] = async (method, payload, changes) => {
    const message = make(method, payload, changes);
    const answered = await send(JSON.stringify(message));
    if (!isAuthentic(message, answered)) throw new Error(`not authentic: ${JSON.stringify(answered)}`);
    return answered;
  };
  const hello: AcsHost['hello'] = (changes) =>
    ask('handshake/hello', {
      acs_versions_supported: ['0.1.0'],
      methods_implemented: ['steps/toolCallRequest', 'steps/toolCallResult', 'steps/turnStart', 'steps/subagentStart'],
      transports_supported: ['http', 'stdio'],
      provenance_producer: 'none',
      profiles_supported: ['acs-core', 'acs-crypto'],
      ...changes,
    });
  return { session_id, make, sign, isAuthentic, ask, hello };
}

/** As hosts wrap arguments. */
export function toolCall(name: string, args: Record<string, unknown>, more: object = {}): object {
  const wrapped = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, { value }]));
  return { tool: { name }, arguments: wrapped, ...more };
}

export function toolResult(name: string, ref: string | undefined, output: unknown, exit_status = 'success'): object {
  return {
    tool: { name },
    exit_status,
    outputs: [{ value: output }],
    ...(ref === undefined ? {} : { request_id_ref: ref }),
  };
}

export function httpSend(url: string): Send {
  return async (message) => {
    const headers = { 'content-type': 'application/json' };
    return (await (await fetch(url, { method: 'POST', headers, body: message })).json()) as Answered;
  };
}
