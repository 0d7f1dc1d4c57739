// Compiles one bundle in a thread of its own, whose memory the caller bounds, and answers with the codes of its faults.
import { parentPort, workerData } from 'node:worker_threads';
import { compilePolicy } from '@countersign/policy/compile-policy';

const result = compilePolicy(workerData as Record<string, string>, { version: 1, snapshot: 'hostile', strict: true });
parentPort!.postMessage(result.ok ? [] : result.faults.map(({ code }) => code));
