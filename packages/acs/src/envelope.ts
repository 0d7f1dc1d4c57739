/**
 * The messages of OWASP's Agent Control Standard v0.1.0 as far as a guardian reads them (Instrument specification, sections 3 and 17).
 * Unknown members of `params` are ignored, as the standard demands; an unknown member beside them is refused.
 */
import { uuid } from '@countersign/contracts/names';
import { tellShapeFaults } from '@countersign/contracts/shape-fault';
import { parseStrict } from '@countersign/ledger/canonical-json';
import { z } from 'zod';

export const ACS_VERSION = '0.1.0';

/** Bytes of one message; as many as a job's request may have. */
export const MESSAGE_BYTES = 512 * 1024;

/** Milliseconds by which a host's clock may differ, section 10.3. */
export const SKEW_MS = 300_000;

const semver = z.string().regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/);
const signature = z.looseObject({ algorithm: z.string(), value: z.string(), key_id: z.string() });
const request = z.strictObject({
  jsonrpc: z.literal('2.0'),
  method: z
    .string()
    .max(200)
    .regex(/^(steps\/|protocols\/|agbom\/|trace\/|system\/|handshake\/|wrapped:)./),
  id: z.union([z.string().max(200), z.number()]),
  params: z.looseObject({
    acs_version: semver,
    request_id: uuid,
    timestamp: z.iso.datetime({ offset: true }),
    nonce: z.string().min(16).max(64).optional(),
    metadata: z.looseObject({
      agent_id: z.string().min(1).max(256),
      session_id: uuid,
      session_state: z.looseObject({ chain_hash: z.string().optional() }).optional(),
    }),
    payload: z.record(z.string(), z.unknown()),
    signature: signature.optional(),
  }),
});
export type AcsRequest = z.output<typeof request>;

export const clientHello = z.looseObject({
  acs_versions_supported: z.array(semver).min(1),
  methods_implemented: z.array(z.string()),
  transports_supported: z.array(z.string()).min(1),
  provenance_producer: z.enum(['deterministic', 'none']),
  profiles_supported: z.array(z.string()).default([]),
});

/** Section 17.1, and those of JSON-RPC 2.0. */
export const CODES = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  SESSION_REFUSED: -32000,
  UNSUPPORTED_VERSION: -32001,
  CAPABILITY_NOT_NEGOTIATED: -32003,
  SIGNATURE_INVALID: -32004,
  REPLAY_DETECTED: -32005,
  TIMESTAMP_OUT_OF_WINDOW: -32006,
  CHAIN_MISMATCH: -32007,
} as const;

/** A refusal: the host gets no decision, and by `on_decision_failure` may run nothing. */
export class AcsError extends Error {
  readonly code: number;
  readonly data: Record<string, unknown>;

  constructor(name: keyof typeof CODES, reason: string, data: Record<string, unknown> = {}) {
    super(`${name}: ${reason}`);
    this.name = 'AcsError';
    this.code = CODES[name];
    this.data = { reason: name.toLowerCase(), message: reason, ...data };
  }
}

export type Read = { ok: true; request: AcsRequest } | { ok: false; id: string | number | null; error: AcsError };

/** Batches are refused, so that the host asks one by one. No fault quotes its input. */
export function readRequest(text: string | Uint8Array): Read {
  const parsed = parseStrict(text, { max_bytes: MESSAGE_BYTES });
  if (!parsed.ok) {
    const name = parsed.code === 'json_too_large' ? 'INVALID_REQUEST' : 'PARSE_ERROR';
    return { ok: false, id: null, error: new AcsError(name, `${parsed.code} ${parsed.at}`.trim()) };
  }
  const read = request.safeParse(parsed.value);
  if (read.success) return { ok: true, request: read.data };
  const given = (parsed.value as { id?: unknown } | null)?.id;
  const id = typeof given === 'string' || typeof given === 'number' ? given : null;
  const faults = tellShapeFaults(read.error.issues.slice(0, 5), parsed.value, 'the message');
  return { ok: false, id, error: new AcsError('INVALID_REQUEST', faults) };
}
