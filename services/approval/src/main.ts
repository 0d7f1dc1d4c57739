/** Runs the approval service as a process of its own. */
import { run } from '@countersign/platform/service';
import { approval } from './service.ts';

await run([approval]);
