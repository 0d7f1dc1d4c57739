/** Starts the scheduler alone. */
import { run } from '@countersign/platform/service';
import { scheduler } from './service.ts';

await run([scheduler]);
