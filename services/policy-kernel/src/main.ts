/** Runs the policy kernel as a process of its own. */
import { run } from '@countersign/platform/service';
import { policyKernel } from './service.ts';

await run([policyKernel]);
