/**
 * Hands a signed bundle to the kernel, which judges it on its own. Publishing decides nothing: a document that does not
 * verify is kept, rejected and recorded.
 */
import { type BundleDocument, bundleDocument } from '@countersign/contracts/policy';
import { parseStrict } from '@countersign/ledger/canonical-json';
import type { Tx } from '@countersign/platform/database';
import { type BuildOptions, type BundleSigner, buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { describeFault } from '@countersign/policy/policy-fault';
import { insertBundle, readActivated, readControl, readPendingDocuments } from './store.ts';
import { newestVersion } from './store-published.ts';

/** False when exactly this document waits or was activated before. `tx` speaks as the kernel's role or the schema's owner. */
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
  const standing = await Promise.all(active.map(({ scope, epoch }) => readActivated(tx, scope, epoch)));
  const waiting = documentsOf(await readPendingDocuments(tx));
  const standsAt = Math.max(0, ...active.map(({ version }) => version));
  const taken = Math.max(
    standsAt,
    await newestVersion(tx, options.tenants),
    ...waiting.map((each) => each.manifest.version),
  );
  const unchanged = documentsOf(standing).filter((document) => holds(document, files, options));
  if (unchanged.length === options.tenants.length && waiting.length === 0) return standsAt;
  const built = await buildBundle(files, { ...build, version: taken + 1 });
  if (!built.ok) throw new Error(`the policy does not compile:\n${built.faults.map(describeFault).join('\n')}`);
  await publishBundle(tx, await signBundle(built.document, signer));
  return taken + 1;
};

/** What is no bundle names no version; the kernel will say what is wrong with it. */
const documentsOf = (texts: readonly (string | null)[]): BundleDocument[] =>
  texts.flatMap((text) => {
    const parsed = parseStrict(text ?? '');
    const shaped = parsed.ok ? bundleDocument.safeParse(parsed.value) : null;
    return shaped?.success ? [shaped.data] : [];
  });

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
