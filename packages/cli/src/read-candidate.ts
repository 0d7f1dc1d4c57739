/** A policy to be asked instead of the active one: a published version by its number, or a folder or bundle as it lies here. */
import type { PolicyCandidate } from '@countersign/contracts/policy-rollout';
import { readPolicy } from './read-policy.ts';

/** A signed bundle goes as it is; whoever holds no signature sends files. */
export function readCandidate(named: string): PolicyCandidate {
  if (/^[1-9]\d{0,14}$/.test(named)) return { version: Number(named) };
  const { files, document } = readPolicy(named);
  const signed = document !== null && document.signatures.length > 0;
  return signed ? { bundle: document } : { files: { ...files } };
}
