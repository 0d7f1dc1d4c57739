/** How long content is kept, legal holds and erasures, as functions over the HTTP API. */
import type {
  ErasureView,
  HoldView,
  KeepChange,
  KeepView,
  NewErasure,
  NewHold,
} from '@countersign/contracts/retention';
import { type ClientOptions, sendForJson } from './send-request.ts';

export type RetentionClient = {
  retention(): Promise<{ retention: KeepView[] }>;
  /** Also of what stands already. */
  setRetention(change: KeepChange): Promise<KeepView>;
  holds(): Promise<{ holds: HoldView[] }>;
  setHold(hold: NewHold): Promise<HoldView>;
  liftHold(hold_id: string, reason: string): Promise<{ hold_id: string }>;
  erasures(): Promise<{ erasures: ErasureView[] }>;
  /** Throws ApiError `content_held`, naming the legal hold, or `state_conflict` for a job that has not ended. */
  erase(erasure: NewErasure): Promise<ErasureView>;
};

export function retentionClient(options: ClientOptions): RetentionClient {
  const get = <T>(path: string): Promise<T> => sendForJson<T>(options, { method: 'GET', path });
  const send = <T>(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<T> =>
    sendForJson<T>(options, { method, path, body });
  return {
    retention: () => get('/retention'),
    setRetention: (change) => send('PATCH', '/retention', change),
    holds: () => get('/holds'),
    setHold: (hold) => send('POST', '/holds', hold),
    liftHold: (hold_id, reason) => send('POST', `/holds/${encodeURIComponent(hold_id)}/lift`, { reason }),
    erasures: () => get('/erasures'),
    erase: (erasure) => send('POST', '/erasures', erasure),
  };
}
