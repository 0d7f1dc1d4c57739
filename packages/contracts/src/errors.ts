/**
 * The closed union of everything that can go wrong, with its HTTP status and what a stream consumer does with the
 * message. A denial by policy is a value, not an error; a code that is not listed here is a bug.
 */
import { z } from 'zod';

type Row = { status: number; on_stream: 'ack' | 'nak' | 'term'; says: string };

/** `term`: never again (the message is wrong); `nak`: again later (we are out of order); `ack`: done. */
export const ERRORS = {
  json_malformed: { status: 400, on_stream: 'term', says: 'the body is not JSON' },
  json_bad_utf8: { status: 400, on_stream: 'term', says: 'the body is not UTF-8' },
  json_duplicate_key: { status: 400, on_stream: 'term', says: 'an object names a key twice' },
  json_lone_surrogate: { status: 400, on_stream: 'term', says: 'a string holds half of a surrogate pair' },
  json_nul: { status: 400, on_stream: 'term', says: 'a string holds U+0000' },
  json_unsafe_number: { status: 400, on_stream: 'term', says: 'a number cannot be kept exactly' },
  json_too_deep: { status: 400, on_stream: 'term', says: 'the body is nested too deeply' },
  json_too_large: { status: 413, on_stream: 'term', says: 'the body is too large' },
  media_type_unsupported: { status: 415, on_stream: 'term', says: 'the body must be application/json' },
  field_unknown: { status: 400, on_stream: 'term', says: 'the body has a field that does not exist' },
  field_invalid: { status: 400, on_stream: 'term', says: 'a field has a value it cannot have' },
  query_invalid: { status: 400, on_stream: 'term', says: 'a query parameter has a value it cannot have' },
  tenant_mismatch: { status: 400, on_stream: 'term', says: 'body and header name different tenants' },
  facts_contradicted: {
    status: 400,
    on_stream: 'term',
    says: 'the request contradicts what the policy knows of the topic',
  },
  schema_violated: { status: 400, on_stream: 'term', says: "the payload does not fit the topic's schema" },
  http_malformed: { status: 400, on_stream: 'term', says: 'this is no HTTP request' },
  headers_too_large: { status: 431, on_stream: 'term', says: 'the headers are too large' },
  host_unknown: { status: 421, on_stream: 'term', says: 'this server does not answer under that name' },
  origin_unknown: { status: 403, on_stream: 'term', says: 'pages of that origin may not ask here' },
  session_unknown: {
    status: 404,
    on_stream: 'term',
    says: 'there is no such session of the caller here; begin another',
  },
  request_timeout: { status: 408, on_stream: 'term', says: 'the request did not arrive in time' },
  too_many_requests: { status: 429, on_stream: 'nak', says: 'too many of these came from there; try again later' },
  unauthenticated: { status: 401, on_stream: 'term', says: 'no valid credential' },
  signature_invalid: { status: 401, on_stream: 'term', says: 'the signature does not fit the request' },
  signature_replayed: { status: 401, on_stream: 'term', says: 'the signed request was used before' },
  tokens_not_offered: { status: 404, on_stream: 'term', says: 'this system issues no tokens' },
  signature_stale: { status: 401, on_stream: 'term', says: 'the signed timestamp is too far from now' },
  csrf_invalid: {
    status: 403,
    on_stream: 'term',
    says: "the request comes with a session and not from the session's own page",
  },
  permission_missing: { status: 403, on_stream: 'term', says: 'the credential does not carry this permission' },
  tenant_forbidden: { status: 403, on_stream: 'term', says: 'the credential belongs to another tenant' },
  login_refused: {
    status: 403,
    on_stream: 'term',
    says: 'the provider vouches for this person, and this system does not let them in',
  },
  login_unavailable: { status: 503, on_stream: 'nak', says: 'the identity provider does not answer' },
  delegation_missing: {
    status: 403,
    on_stream: 'term',
    says: 'nobody in the registry lets the caller act for them so',
  },
  revoked: { status: 403, on_stream: 'term', says: 'the identity was revoked' },
  denied: { status: 403, on_stream: 'ack', says: 'the policy denied the job' },
  not_found: { status: 404, on_stream: 'term', says: 'there is no such thing' },
  identity_unknown: { status: 404, on_stream: 'term', says: 'there is no such principal, key or worker' },
  identity_conflict: { status: 409, on_stream: 'term', says: 'this name or key is registered for another identity' },
  bus_full: { status: 409, on_stream: 'term', says: 'the bus has no account left for another pool or tenant' },
  grant_refused: { status: 403, on_stream: 'term', says: 'the caller may not give that right, or not to this one' },
  method_not_allowed: { status: 405, on_stream: 'term', says: 'the path knows other methods' },
  idempotency_conflict: {
    status: 409,
    on_stream: 'term',
    says: 'the same job_id or Idempotency-Key came with another body',
  },
  state_conflict: { status: 409, on_stream: 'term', says: 'the state does not permit this step' },
  second_person_missing: { status: 409, on_stream: 'term', says: 'another person has to confirm this' },
  result_not_ready: { status: 409, on_stream: 'term', says: 'the result has not been released' },
  content_erased: { status: 410, on_stream: 'term', says: 'the content was erased; its digest and evidence stay' },
  content_held: { status: 409, on_stream: 'term', says: 'a legal hold keeps it' },
  artifact_invalid: {
    status: 409,
    on_stream: 'term',
    says: 'the artifact, or this part of it, is not what was announced',
  },
  artifact_too_large: { status: 413, on_stream: 'term', says: 'the artifact, or all of its attempt, is too large' },
  artifacts_unavailable: { status: 503, on_stream: 'nak', says: 'artifacts cannot be stored or read now' },
  artifacts_not_offered: { status: 409, on_stream: 'term', says: 'this system keeps no artifacts' },
  result_quarantined: { status: 403, on_stream: 'term', says: 'the result is quarantined' },
  review_not_eligible: { status: 403, on_stream: 'term', says: 'this person may not review this output' },
  approval_closed: { status: 409, on_stream: 'term', says: 'the approval is no longer open' },
  approval_outdated: {
    status: 409,
    on_stream: 'term',
    says: 'the policy changed, and another approval asks in place of this one',
  },
  approval_digest_mismatch: {
    status: 409,
    on_stream: 'term',
    says: 'the vote is for something other than what is asked',
  },
  approval_not_eligible: { status: 403, on_stream: 'term', says: 'this person may not vote on this approval' },
  grant_not_allowed: {
    status: 403,
    on_stream: 'term',
    says: 'the rule does not let a yes be given for so many jobs, or for so long, or for this job and others',
  },
  approval_already_voted: { status: 409, on_stream: 'term', says: 'this person has already voted' },
  quorum_unreachable: {
    status: 409,
    on_stream: 'term',
    says: 'a group of the policy has fewer people than it asks for',
  },
  pool_unknown: { status: 409, on_stream: 'term', says: 'no active policy has this pool' },
  webhook_target_refused: {
    status: 403,
    on_stream: 'term',
    says: 'the settings of this system do not let webhooks go there',
  },
  attempt_stale: { status: 409, on_stream: 'term', says: 'the attempt is not the current one' },
  claim_lost: { status: 409, on_stream: 'term', says: 'another worker holds the attempt' },
  stopped: { status: 409, on_stream: 'term', says: 'a stop is in force' },
  warrant_invalid: { status: 403, on_stream: 'term', says: 'the warrant does not verify' },
  epoch_stale: { status: 409, on_stream: 'nak', says: 'the decision was made under an older epoch' },
  overloaded: { status: 503, on_stream: 'nak', says: 'too much work is waiting; try again' },
  share_exceeded: {
    status: 429,
    on_stream: 'nak',
    says: 'this key or tenant has as much under way as its share allows; wait for some of it, then try again',
  },
  policy_unavailable: { status: 503, on_stream: 'nak', says: 'the policy kernel does not answer; nothing was decided' },
  policy_missing: { status: 503, on_stream: 'nak', says: 'no valid policy is active; nothing was decided' },
  policy_expired: {
    status: 503,
    on_stream: 'nak',
    says: 'the active policy is past its end; nothing may run under it',
  },
  bundle_malformed: { status: 400, on_stream: 'term', says: 'this is no bundle' },
  bundle_too_large: { status: 413, on_stream: 'term', says: 'the bundle is too large' },
  bundle_scope_invalid: { status: 422, on_stream: 'term', says: 'the bundle names scopes that cannot stand together' },
  bundle_scope_forbidden: { status: 403, on_stream: 'term', says: 'the bundle decides for others than the own tenant' },
  bundle_unsigned: { status: 422, on_stream: 'term', says: 'the bundle carries no signature' },
  bundle_signature_invalid: { status: 422, on_stream: 'term', says: 'a signature does not fit the bundle' },
  bundle_threshold_unmet: {
    status: 422,
    on_stream: 'term',
    says: 'too few of its signatures are by keys that may sign it now',
  },
  bundle_file_missing: { status: 422, on_stream: 'term', says: 'a file that was signed is missing' },
  bundle_file_unlisted: { status: 422, on_stream: 'term', says: 'a file was not signed' },
  bundle_file_altered: { status: 422, on_stream: 'term', says: 'a file is not what was signed' },
  bundle_not_yet_valid: { status: 422, on_stream: 'term', says: 'the bundle is not valid yet' },
  bundle_expired: { status: 422, on_stream: 'term', says: 'the bundle is no longer valid' },
  bundle_does_not_compile: { status: 422, on_stream: 'term', says: 'the policy in the bundle has faults' },
  bundle_not_newer: { status: 409, on_stream: 'term', says: "the bundle's version is not above the active one" },
  bundle_version_taken: { status: 409, on_stream: 'term', says: 'another bundle of this version was published' },
  scheduler_unavailable: { status: 503, on_stream: 'nak', says: 'the scheduler does not answer' },
  approval_unavailable: { status: 503, on_stream: 'nak', says: 'the approval service does not answer' },
  output_unavailable: { status: 503, on_stream: 'nak', says: 'output-safety does not answer' },
  audit_unavailable: { status: 503, on_stream: 'nak', says: 'audit does not answer' },
  ingress_unavailable: { status: 503, on_stream: 'nak', says: 'ingress does not answer' },
  database_unavailable: { status: 503, on_stream: 'nak', says: 'Postgres does not answer' },
  bus_unavailable: { status: 503, on_stream: 'nak', says: 'NATS does not answer' },
  internal: { status: 500, on_stream: 'nak', says: 'a bug: please report it with the trace id' },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** As it crosses HTTP and RPC. `at` is a JSON pointer, a header's or a parameter's name. */
export const failure = z.object({
  code: z.enum(ERROR_CODES),
  detail: z.string(),
  at: z.string().optional(),
});
export type Failure = z.infer<typeof failure>;

/** A failure on its way through the code; what is thrown otherwise is a bug. */
export class CountersignError extends Error {
  readonly code: ErrorCode;
  readonly at: string | undefined;
  /** Milliseconds after which trying again makes sense. */
  readonly retry_after_ms: number | undefined;
  constructor(
    code: ErrorCode,
    detail?: string,
    options?: { at?: string | undefined; retry_after_ms?: number; cause?: unknown },
  ) {
    super(detail ?? ERRORS[code].says, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CountersignError';
    this.code = code;
    this.at = options?.at;
    this.retry_after_ms = options?.retry_after_ms;
  }
  toFailure(): Failure {
    return { code: this.code, detail: this.message, ...(this.at === undefined ? {} : { at: this.at }) };
  }
}

/** The part of an error that callers may see: a bug's message stays inside. */
export function failureOf(thrown: unknown): Failure {
  return thrown instanceof CountersignError ? thrown.toFailure() : { code: 'internal', detail: ERRORS.internal.says };
}

export function httpStatus(code: ErrorCode): number {
  return ERRORS[code].status;
}

/** True when not the request is at fault but what else is under way: nothing was decided, and later it may work. */
export function isOutage(code: ErrorCode): boolean {
  return ERRORS[code].status >= 500 || ERRORS[code].status === 429;
}
