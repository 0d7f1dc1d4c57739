/** The work of pool `demo-read`: says that it is there. Inspections change nothing, so they show nothing but that. */
import type { Handle } from '@countersign/worker/worker-options';

export function handleDemo(): Handle {
  return (job) => ({
    status: 'ok',
    topic: job.topic,
    answered_at: new Date().toISOString(),
  });
}
