/** Starts ingress as a process of its own. */
import { run } from '@countersign/platform/service';
import { ingress } from './service.ts';

await run([ingress]);
