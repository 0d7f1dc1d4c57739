/**
 * Ids of spans that nobody has to keep: whoever derives a trace from the ledger, and the worker that runs a job, come to the
 * same. 16 hex digits (W3C Trace Context, section 3.2.2.4); that all are zero, which is none, is left to chance of 1 in 2^64.
 */
import { hash } from 'node:crypto';

/** Of a trace that begins here. A job whose context names this span was asked for within nobody's trace. */
export function firstSpan(trace_id: string): string {
  return spanOf('first', trace_id);
}

/** Of a job as a whole; `chain` is the chain of its evidence. */
export function jobSpan(chain: string): string {
  return spanOf('job', chain);
}

/** Of what a worker does for one attempt. */
export function runSpan(dispatch_id: string): string {
  return spanOf('run', dispatch_id);
}

/** Of another step of a job, recorded in that entry. */
export function stepSpan(name: string, chain: string, seq: number): string {
  return spanOf(name, `${chain}#${seq}`);
}

function spanOf(what: string, of: string): string {
  return hash('sha256', `countersign/span/v1\0${what}\0${of}`, 'hex').slice(0, 16);
}
