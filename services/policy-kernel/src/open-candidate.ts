/**
 * Makes a policy that is not active ready to be asked: published here, signed, or files as their author has them. What it
 * is asked for is never enforced, so it needs no newer version; whatever it claims to be signed by is checked.
 */
import { createHash } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import type { AskedPolicy, PolicyCandidate } from '@countersign/contracts/policy-rollout';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { nowInstant } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import { type CompiledPolicy, type CompileResult, compilePolicy } from '@countersign/policy/compile-policy';
import { describeFault } from '@countersign/policy/policy-fault';
import { verifyBundle } from '@countersign/policy/verify-bundle';
import type { Asked } from './decide-under.ts';
import { readPublished } from './store-bundles.ts';

export type Candidate = Asked & { asked: AskedPolicy };
export type OpenCandidate = (tenant: string, candidate: PolicyCandidate) => Promise<Candidate>;

type Parts = { database: Tx; root: TrustRoot };
type Files = Readonly<Record<string, string>>;

/** No activation has this epoch. */
const NOT_ACTIVE = 0;

export const openCandidates = ({ database, root }: Parts): OpenCandidate => {
  const compile = rememberCompiled();
  const signed = async (tenant: string, text: string): Promise<Candidate> => {
    const verified = await verifyBundle(text, root, nowInstant());
    if (!verified.ok) throw new CountersignError(verified.code, verified.detail, { at: '/candidate' });
    const { manifest, files, snapshot } = verified.bundle;
    const scope = manifest.scope.tenants.find((name) => name === tenant || name === '*');
    if (scope === undefined) throw new CountersignError('bundle_scope_forbidden', undefined, { at: '/candidate' });
    const { version } = manifest;
    return candidateOf(compile(files, snapshot, version), { scope, version, snapshot, epoch: null });
  };
  return async (tenant, candidate) => {
    if ('bundle' in candidate) return signed(tenant, JSON.stringify(candidate.bundle));
    if ('version' in candidate) {
      const published = await readPublished(database, [tenant, '*'], candidate.version);
      if (published === null) throw new CountersignError('not_found', 'no such bundle', { at: '/candidate/version' });
      return signed(tenant, published.document);
    }
    const { files } = candidate;
    const snapshot = `sha256:${createHash('sha256').update(canonicalize(files)).digest('hex')}`;
    return candidateOf(compile(files, snapshot), {
      scope: tenant,
      version: null,
      snapshot,
      epoch: null,
    });
  };
};

const candidateOf = (policy: CompiledPolicy, asked: AskedPolicy): Candidate => ({
  policy,
  epoch: NOT_ACTIVE,
  ends_at: null,
  asked,
});

/** The same candidate is asked again and again while its author works on it. The snapshot names every byte of it. */
const rememberCompiled = () => {
  const kept = new Map<string, CompiledPolicy>();
  return (files: Files, snapshot: string, version?: number): CompiledPolicy => {
    const known = kept.get(snapshot);
    if (known !== undefined) return known;
    const compiled = compileFiles(files, snapshot, version);
    if (!compiled.ok) {
      const faults = compiled.faults.slice(0, LIMITS.reported_faults).map(describeFault).join('; ');
      throw new CountersignError('bundle_does_not_compile', faults, { at: '/candidate' });
    }
    kept.set(snapshot, compiled.policy);
    if (kept.size > LIMITS.compiled_candidates) kept.delete(kept.keys().next().value!);
    return compiled.policy;
  };
};

/** Files that nobody has built may name no version, which only a build can do without. */
const compileFiles = (files: Files, snapshot: string, version?: number): CompileResult => {
  const compiled = compilePolicy(files, { snapshot, version });
  if (compiled.ok || version !== undefined) return compiled;
  const unnamed = compiled.faults.every(({ code }) => code === 'version_missing');
  return unnamed ? compilePolicy(files, { snapshot, version: 1 }) : compiled;
};
