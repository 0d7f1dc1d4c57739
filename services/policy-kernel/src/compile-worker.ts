/**
 * The thread that reads policies: verifies and compiles whole texts, so that the one that decides is never kept waiting by
 * their size. It holds nothing between two questions and decides nothing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import { refuseBundle } from '@countersign/policy/bundle-faults';
import { type CompileResult, compilePolicy } from '@countersign/policy/compile-policy';
import { packPolicy } from '@countersign/policy/pack-policy';
import { describeFault } from '@countersign/policy/policy-fault';
import { verifyBundle } from '@countersign/policy/verify-bundle';
import type { Asked, Question, ReadPolicy } from './compile-apart.ts';

const root = workerData as TrustRoot;

const refuse = (compiled: Extract<CompileResult, { ok: false }>): ReadPolicy => {
  const faults = compiled.faults.slice(0, LIMITS.reported_faults).map(describeFault);
  return refuseBundle('bundle_does_not_compile', faults.join('; '));
};

/** `compile` false: the same text was compiled before, and only signatures and dates are looked at. */
const readBundle = async ({ text, now, compile }: Extract<Question, { kind: 'bundle' }>): Promise<ReadPolicy> => {
  const verified = await verifyBundle(text, root, now);
  if (!verified.ok) return verified;
  const { files, ...bundle } = verified.bundle;
  if (!compile) return { ok: true, bundle, packed: null };
  const compiled = compilePolicy(files, { version: bundle.manifest.version, snapshot: bundle.snapshot });
  return compiled.ok ? { ok: true, bundle, packed: packPolicy(compiled.policy) } : refuse(compiled);
};

/** Files that nobody has built may name no version, which only a build can do without. */
const readFiles = ({ files, snapshot }: Extract<Question, { kind: 'files' }>): ReadPolicy => {
  const compiled = compilePolicy(files, { snapshot });
  const unnamed = !compiled.ok && compiled.faults.every(({ code }) => code === 'version_missing');
  const named = unnamed ? compilePolicy(files, { snapshot, version: 1 }) : compiled;
  return named.ok ? { ok: true, bundle: null, packed: packPolicy(named.policy) } : refuse(named);
};

parentPort!.on('message', async ({ id, question }: Asked) => {
  const answer = question.kind === 'bundle' ? await readBundle(question) : readFiles(question);
  parentPort!.postMessage({ id, answer });
});
