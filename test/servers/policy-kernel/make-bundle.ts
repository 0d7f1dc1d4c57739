/** Bundles as an author or an attacker would make them: any files, any signers, also ones that the builder refuses. */
import type { BundleDocument, TrustRoot } from '@countersign/contracts/policy';
import { type BundleSigner, buildBundle, publicKeyOf, sha256Hex, signBundle } from '@countersign/policy/build-bundle';
import { VALID } from './run-kernel.ts';

type KeyTerms = Partial<Pick<TrustRoot['keys'][number], 'not_before' | 'not_after' | 'tenants'>>;

type BundleParts = {
  version: number;
  policy?: string;
  tenants?: string[];
  not_before?: string;
  not_after?: string;
  signers: readonly BundleSigner[];
};

export const ALLOW_READS = 'rules: [{ id: read, match: { topics: ["job.read.*"] }, decision: allow }]';

export function signerOf(key_id: string, byte: number): BundleSigner {
  return {
    key_id,
    secret_key: new Uint8Array(32).fill(byte),
  };
}

export async function keyOf({ key_id, secret_key }: BundleSigner, terms: KeyTerms = {}) {
  return {
    key_id,
    public_key: await publicKeyOf(secret_key),
    ...VALID,
    ...terms,
  };
}

export async function makeBundle(parts: BundleParts): Promise<BundleDocument> {
  const { version, policy = ALLOW_READS, tenants = ['default'], signers } = parts;
  const validity = { not_before: parts.not_before ?? VALID.not_before, not_after: parts.not_after ?? VALID.not_after };
  const files = { 'policy.yaml': policy };
  const built = await buildBundle({ 'policy.yaml': ALLOW_READS }, { version, tenants, ...validity });
  if (!built.ok) throw new Error('the plain policy does not compile');
  const listed = [{ path: 'policy.yaml', sha256: await sha256Hex(policy) }];
  let document: BundleDocument = { ...built.document, manifest: { ...built.document.manifest, files: listed }, files };
  for (const signer of signers) document = await signBundle(document, signer);
  return document;
}
