/**
 * Makes a policy that is not active ready to be asked: published here, signed, or files as their author has them. What it
 * is asked for is never enforced, so it needs no newer version; whatever it claims to be signed by is checked.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { AskedPolicy, PolicyCandidate } from '@countersign/contracts/policy-rollout';
import { nowInstant } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import type { CompiledPolicies } from './compiled-policies.ts';
import type { Asked } from './decide-under.ts';
import { readPublished } from './store-published.ts';

type Candidate = Asked & { asked: AskedPolicy };
export type OpenCandidate = (tenant: string, candidate: PolicyCandidate) => Promise<Candidate>;

type Parts = { database: Tx; compiled: CompiledPolicies };

/** No activation has this epoch. */
const NOT_ACTIVE = 0;

export function openCandidates({ database, compiled }: Parts): OpenCandidate {
  const signed = async (tenant: string, text: string): Promise<Candidate> => {
    const opened = await compiled.openBundle(text, nowInstant(), tenant);
    if (!opened.ok) throw new CountersignError(opened.code, opened.detail, { at: '/candidate' });
    const { manifest, snapshot } = opened.bundle;
    const scope = manifest.scope.tenants.find((name) => name === tenant || name === '*');
    if (scope === undefined) throw new CountersignError('bundle_scope_forbidden', undefined, { at: '/candidate' });
    const { version } = manifest;
    return candidateOf(opened.policy, { scope, version, snapshot, epoch: null });
  };
  return async (tenant, candidate) => {
    if ('bundle' in candidate) return signed(tenant, JSON.stringify(candidate.bundle));
    if ('version' in candidate) {
      const published = await readPublished(database, [tenant, '*'], candidate.version);
      if (published === null) throw new CountersignError('not_found', 'no such bundle', { at: '/candidate/version' });
      return signed(tenant, published.document);
    }
    const opened = await compiled.openFiles(candidate.files, tenant);
    if (!opened.ok) throw new CountersignError(opened.code, opened.detail, { at: '/candidate' });
    return candidateOf(opened.policy, { scope: tenant, version: null, snapshot: opened.snapshot, epoch: null });
  };
}

function candidateOf(policy: CompiledPolicy, asked: AskedPolicy): Candidate {
  return {
    policy,
    epoch: NOT_ACTIVE,
    ends_at: null,
    asked,
  };
}
