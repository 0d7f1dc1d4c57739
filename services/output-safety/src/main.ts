/** Runs output-safety as a process of its own. */
import { run } from '@countersign/platform/service';
import { outputSafety } from './service.ts';

await run([outputSafety]);
