/** Hands a job in and tells an accepted one from a denied one; everything else is thrown. */
import type { Accepted, Denied, Ended } from '@countersign/contracts/http';
import { type ClientOptions, errorOf, type Outgoing, readJson, send } from './send-request.ts';

export type Submitted =
  | ({ outcome: 'accepted'; replayed: boolean } & Accepted)
  /** It ended while `wait_s` lasted. */
  | ({ outcome: 'ended'; replayed: boolean } & Ended)
  | ({ outcome: 'denied'; replayed: boolean } & Denied);

export async function submitJob(options: ClientOptions, outgoing: Outgoing): Promise<Submitted> {
  const response = await send(options, outgoing);
  const body = await readJson(response);
  const replayed = response.headers.get('idempotency-replayed') === 'true';
  if (response.status === 200) return { outcome: 'ended', replayed, ...(body as Ended) };
  if (response.status === 202) return { outcome: 'accepted', replayed, ...(body as Accepted) };
  const failure = errorOf(response, body);
  if (failure.code === 'denied') return { outcome: 'denied', replayed, ...(body as Denied) };
  throw failure;
}
