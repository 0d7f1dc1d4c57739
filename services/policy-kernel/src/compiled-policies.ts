/**
 * The one memo of compiled policies: each text is compiled once, whoever brings it. Signatures and dates are judged anew
 * each time. Reading happens in a process apart, and what it read is made ready to decide in slices, so that no policy is
 * too large to be read beside the decisions.
 */
import { createHash } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import type { TrustRoot } from '@countersign/contracts/policy';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { BundleRefusal } from '@countersign/policy/bundle-faults';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type PackedPolicy, unpackPolicy } from '@countersign/policy/pack-policy';
import type { VerifiedBundle } from '@countersign/policy/verify-bundle';
import { startReading } from './compile-apart.ts';
import { stepsInSlices } from './in-slices.ts';

export type OpenedBundle = { ok: true; bundle: Omit<VerifiedBundle, 'files'>; policy: CompiledPolicy };
type OpenedFiles = { ok: true; snapshot: string; policy: CompiledPolicy };

export type CompiledPolicies = {
  /**
   * Verified under the trust root at `now` (RFC 3339 in UTC), and compiled. `whose`: the tenant that somebody asks for,
   * left out by the kernel itself. Throws `overloaded`, and `share_exceeded` where `whose` is given.
   */
  openBundle(text: string, now: string, whose?: string): Promise<OpenedBundle | BundleRefusal>;
  /** Files that nobody has signed. Throws `overloaded` and `share_exceeded`. */
  openFiles(files: Readonly<Record<string, string>>, whose?: string): Promise<OpenedFiles | BundleRefusal>;
  /** How many were compiled, which is how many were not found in the memo. */
  compiled(): number;
  stop(): Promise<void>;
};

export function openCompiledPolicies(root: TrustRoot): CompiledPolicies {
  const reading = startReading(root);
  // A Map remembers the order of insertion: what was asked for last is kept longest.
  const kept = new Map<string, Promise<CompiledPolicy>>();
  let compiled = 0;
  const keep = (digest: string, policy: Promise<CompiledPolicy>): Promise<CompiledPolicy> => {
    kept.delete(digest);
    kept.set(digest, policy);
    if (kept.size > LIMITS.compiled_policies) kept.delete(kept.keys().next().value!);
    return policy;
  };
  const link = (digest: string, packed: PackedPolicy): Promise<CompiledPolicy> => {
    compiled += 1;
    const policy = stepsInSlices(unpackPolicy(packed));
    policy.catch(() => kept.delete(digest));
    return keep(digest, policy);
  };
  const openBundle: CompiledPolicies['openBundle'] = async (text, now, whose) => {
    const digest = digestOf(text);
    const read = await reading.ask({ kind: 'bundle', text, now, compile: !kept.has(digest) }, whose);
    if (!read.ok) return read;
    const known = kept.get(digest);
    // Forgotten while only its signatures were looked at.
    if (known === undefined && read.packed === null) return openBundle(text, now, whose);
    const policy = await (known === undefined ? link(digest, read.packed!) : keep(digest, known));
    return { ok: true, bundle: read.bundle!, policy };
  };
  return {
    openBundle,
    async openFiles(files, whose) {
      const digest = digestOf(canonicalize(files));
      const snapshot = `sha256:${digest}`;
      const known = kept.get(digest);
      if (known !== undefined) return { ok: true, snapshot, policy: await keep(digest, known) };
      const read = await reading.ask({ kind: 'files', files, snapshot }, whose);
      if (!read.ok) return read;
      return { ok: true, snapshot, policy: await (kept.get(digest) ?? link(digest, read.packed!)) };
    },
    compiled: () => compiled,
    stop: () => reading.stop(),
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
