/** An error answer of the API. A denial by policy is not an error; it is a value of `submit`. */
import type { ErrorBody } from '@countersign/contracts/http';

export class ApiError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** From the API's closed table, e.g. `not_found`; `ingress_unavailable` when what came was no answer of the API. */
  readonly code: ErrorBody['code'];
  readonly at: string | undefined;
  readonly trace_id: string | undefined;
  /** Milliseconds after which trying again makes sense. */
  readonly retry_after_ms: number | undefined;

  constructor(
    status: number,
    body: Omit<ErrorBody, 'trace_id'> & { trace_id?: string },
    more: { retry_after_ms?: number; cause?: unknown } = {},
  ) {
    super(body.detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = body.code;
    this.at = body.at;
    this.trace_id = body.trace_id;
    this.retry_after_ms = more.retry_after_ms;
  }
}
