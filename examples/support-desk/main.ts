/** Runs the example against a system that is up: `source .dev/env && node examples/support-desk/main.ts`. */
import { runExample } from './run.ts';

const { verdict } = await runExample(process.env);
process.exitCode = verdict.broken.length + verdict.unsealed.length + verdict.incomplete.length === 0 ? 0 : 1;
