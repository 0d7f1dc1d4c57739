/**
 * The child process that reads policies: verifies and compiles whole texts, so that the one that decides is never kept
 * waiting by their size, nor ended by it. It holds nothing between two questions and decides nothing.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import { answerAsChild } from '@countersign/platform/answer-as-child';
import { refuseBundle } from '@countersign/policy/bundle-faults';
import { type CompileResult, compilePolicy } from '@countersign/policy/compile-policy';
import { packPolicy } from '@countersign/policy/pack-policy';
import { describeFault } from '@countersign/policy/policy-fault';
import { verifyBundle } from '@countersign/policy/verify-bundle';
import type { Asked, Question, ReadPolicy } from './compile-apart.ts';

answerAsChild(({ root, question }: Asked) =>
  question.kind === 'bundle' ? readBundle(root, question) : readFiles(question),
);

/** `compile` false: the same text was compiled before, and only signatures and dates are looked at. */
async function readBundle(
  root: TrustRoot,
  { text, now, compile }: Extract<Question, { kind: 'bundle' }>,
): Promise<ReadPolicy> {
  const verified = await verifyBundle(text, root, now);
  if (!verified.ok) return verified;
  const { files, ...bundle } = verified.bundle;
  if (!compile) return { ok: true, bundle, packed: null };
  const compiled = compilePolicy(files, { version: bundle.manifest.version, snapshot: bundle.snapshot });
  return compiled.ok ? { ok: true, bundle, packed: packPolicy(compiled.policy) } : refuse(compiled);
}

/** Files that nobody has built may name no version, which only a build can do without. */
function readFiles({ files, snapshot }: Extract<Question, { kind: 'files' }>): ReadPolicy {
  const compiled = compilePolicy(files, { snapshot });
  const unnamed = !compiled.ok && compiled.faults.every(({ code }) => code === 'version_missing');
  const named = unnamed ? compilePolicy(files, { snapshot, version: 1 }) : compiled;
  return named.ok ? { ok: true, bundle: null, packed: packPolicy(named.policy) } : refuse(named);
}

function refuse(compiled: Extract<CompileResult, { ok: false }>): ReadPolicy {
  const faults = compiled.faults.slice(0, LIMITS.reported_faults).map(describeFault);
  return refuseBundle('bundle_does_not_compile', faults.join('; '));
}
