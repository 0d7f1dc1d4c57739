/**
 * Hands a signed bundle to the kernel, which judges it on its own. Publishing decides nothing: a document that does not
 * verify is kept, rejected and recorded.
 */
import { type BundleDocument, bundleDocument } from '@countersign/contracts/policy';
import type { Tx } from '@countersign/platform/database';
import { type BuildOptions, type BundleSigner, buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { describeFault } from '@countersign/policy/policy-fault';
import { insertBundle, readActivated, readControl } from './store.ts';

/** False when exactly this document was published before. `tx` speaks as the kernel's role or the schema's owner. */
export const publishBundle = (tx: Tx, document: BundleDocument): Promise<boolean> =>
  insertBundle(tx, JSON.stringify(document));

export type PublishOptions = Omit<BuildOptions, 'version'> & { signer: BundleSigner };

/**
 * Builds, signs and publishes these files with the next version of their scopes, unless exactly they are active already
 * in each of them, by the same key and for as long. Returns the version that stands or will; throws when the files do
 * not compile.
 */
export const publishFiles = async (
  tx: Tx,
  files: Readonly<Record<string, string>>,
  options: PublishOptions,
): Promise<number> => {
  const { signer, ...build } = options;
  const { scopes } = await readControl(tx);
  const active = scopes.filter(({ scope }) => options.tenants.includes(scope));
  const newest = Math.max(0, ...active.map(({ version }) => version));
  const documents = await Promise.all(active.map(({ scope, epoch }) => readActivated(tx, scope, epoch)));
  const unchanged = documents.filter(
    (text) => text !== null && holds(bundleDocument.parse(JSON.parse(text)), files, options),
  );
  if (unchanged.length === options.tenants.length) return newest;
  const built = await buildBundle(files, { ...build, version: newest + 1 });
  if (!built.ok) throw new Error(`the policy does not compile:\n${built.faults.map(describeFault).join('\n')}`);
  await publishBundle(tx, await signBundle(built.document, signer));
  return newest + 1;
};

const holds = (
  document: BundleDocument,
  files: Readonly<Record<string, string>>,
  { signer, not_after }: PublishOptions,
): boolean => {
  const paths = Object.keys(files);
  return (
    paths.length === Object.keys(document.files).length &&
    paths.every((path) => document.files[path] === files[path]) &&
    document.signatures.some(({ key_id }) => key_id === signer.key_id) &&
    document.manifest.not_after >= not_after
  );
};
