// Compiles one bundle in a thread of its own, whose memory the caller bounds, and answers with the codes of its faults.
import { parentPort, workerData } from 'node:worker_threads';
import { lintFiles } from '@countersign/policy-author/lint-files';

const options = { version: 1, snapshot: 'hostile' };
const { faults, lints } = lintFiles(workerData as Record<string, string>, options, { strict: true });
parentPort!.postMessage([...faults, ...lints].map(({ code }) => code));
