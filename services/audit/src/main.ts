/** Runs the audit service as a process of its own. */
import { run } from '@countersign/platform/service';
import { audit } from './service.ts';

await run([audit]);
