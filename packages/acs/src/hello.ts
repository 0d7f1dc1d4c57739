/** The handshake (section 4): which of a host's steps this guardian judges, how long to wait for it, and that its silence is a no. */
import { tellShapeFaults } from '@countersign/contracts/shape-fault';
import { ACS_VERSION, AcsError, type AcsRequest, clientHello, MESSAGE_BYTES, SKEW_MS } from './envelope.ts';
import { EVENTS, type GuardianFile } from './guardian-file.ts';
import { LATE_MS } from './judge-calls.ts';
import { MCP_METHODS } from './read-call.ts';
import { ALGORITHM } from './sign-envelope.ts';

const CALLS = ['steps/toolCallRequest', 'steps/toolCallResult', ...MCP_METHODS];
export const JUDGED: ReadonlySet<string> = new Set([...CALLS, ...EVENTS.map((event) => `steps/${event}`)]);

/** Taken into the session's chain and answered `allow`, since nothing is decided about them. */
export const RECORDED: ReadonlySet<string> = new Set([
  ...['turnStart', 'turnEnd', 'sessionEnd', 'subagentStop', 'preCompact', 'postCompact'].map((name) => `steps/${name}`),
  ...['knowledgeRetrieval', 'memoryContextRetrieval', 'memoryStore'].map((name) => `steps/${name}`),
  ...['skillRegister', 'skillLoad', 'skillUnload'].map((name) => `steps/${name}`),
  'agbom/snapshot',
  'agbom/changed',
]);

/** Claimed by the tests named in docs/acs.md; the standard has nobody who certifies. */
const PROFILES = ['acs-core', 'acs-audit'];
/** The rest of the way: a host that waits this much longer than the guardian hears what it decided last. */
const ON_THE_WAY_MS = 2_000;

type HelloParts = { file: Pick<GuardianFile, 'judge' | 'wait_ms'>; transport: 'http' | 'stdio' };
export type ServerHello = { methods_evaluated: string[] } & Record<string, unknown>;

/** Throws AcsError. */
export function hello({ params }: AcsRequest, { file, transport }: HelloParts): ServerHello {
  const read = clientHello.safeParse(params.payload);
  if (!read.success) {
    const faults = tellShapeFaults(read.error.issues.slice(0, 5), params.payload, 'all of it');
    throw new AcsError('INVALID_REQUEST', `ClientHello: ${faults}`);
  }
  const { acs_versions_supported, methods_implemented, transports_supported, profiles_supported } = read.data;
  if (!acs_versions_supported.some((version) => version.startsWith('0.')))
    throw new AcsError('UNSUPPORTED_VERSION', `this is ${ACS_VERSION}`, { supported_versions: [ACS_VERSION] });
  if (!transports_supported.includes(transport))
    throw new AcsError('SESSION_REFUSED', `this guardian speaks ${transport}`);
  const judged = new Set([...CALLS, ...file.judge.map((event) => `steps/${event}`)]);
  return {
    negotiated_version: ACS_VERSION,
    methods_evaluated: methods_implemented.filter((method) => judged.has(method)),
    selected_transport: transport,
    signature_algorithms_supported: [ALGORITHM],
    timeout_config: { default_ms: file.wait_ms + LATE_MS + ON_THE_WAY_MS },
    max_payload_size_bytes: MESSAGE_BYTES,
    skew_window_ms: SKEW_MS,
    on_decision_failure: 'deny',
    approver_types_supported: ['human'],
    policy_requires_provenance: false,
    profiles_accepted: profiles_supported.filter((profile) => PROFILES.includes(profile)),
  };
}
