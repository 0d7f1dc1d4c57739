/** `countersign policy keygen | build | sign`: from a folder to a bundle that a kernel believes. Nothing here needs a server. */
import { type BundleDocument, bundleScope, type TrustRoot, trustRoot } from '@countersign/contracts/policy';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { verifyBundle } from '@countersign/policy/verify-bundle';
import type { Command } from 'commander';
import { faulty, readBundle, requireSound, summaryOf, writeBundle } from './bundle-file.ts';
import { type Output, print, severalTimes } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { nameOf, parseJson, readBytes } from './read-file.ts';
import { compileAtHand, readPolicy } from './read-policy.ts';
import { readShape } from './read-shape.ts';
import { showBuilt, showKey, showSigned } from './show-policy.ts';
import { createSigningKey, readSigner, requireTrusted } from './signing-key.ts';
import { requirePassed, testPolicy } from './test-policy.ts';
import { type ValidityOptions, validityOf, withValidityOptions } from './validity.ts';
import { wholeNumber } from './whole-number.ts';

const KEY_DAYS = 730;
export const BUNDLE_DAYS = 365;

type KeygenOptions = ValidityOptions & { out?: string };

type BuildOptions = ValidityOptions & { out: string; version?: number; scope: string[]; minCoverage?: number };

type SignOptions = { keyFile: string; keyId?: string; trustRoot?: string; out?: string };

export function withSignerOptions(command: Command): Command {
  return command
    .requiredOption('--key-file <file>', 'the private key as keygen wrote it; - reads standard input')
    .option('--key-id <id>', "its name in the trust root; the file's name when left out");
}

export function addBundleCommands(policy: Command, output: Output): void {
  withValidityOptions(policy.command('keygen <key_id>').description('make a signing key'), KEY_DAYS)
    .option('--out <file>', 'where the private key goes; <key_id>.pem when left out')
    .action((key_id: string, options: KeygenOptions, command: Command) => keygen(output, key_id, options, command));
  withValidityOptions(policy.command('build <folder>').description('test it and make one document of it'), BUNDLE_DAYS)
    .requiredOption('--out <file>', 'where the bundle goes')
    .option('--version <n>', 'of the policy; what policy.yaml states when left out', wholeNumber)
    .requiredOption(
      '--scope <tenant>',
      'a tenant it decides for, several times; * for all, which takes policy:global to publish',
      severalTimes,
    )
    .option('--min-coverage <percent>', 'of the rules that a test must reach', wholeNumber)
    .action((folder: string, options: BuildOptions, command: Command) => build(output, folder, options, command));
  withSignerOptions(policy.command('sign <bundle>').description('add one signature'))
    .option('--trust-root <file>', 'check the key against it, and say whether enough have signed')
    .option('--out <file>', 'where the signed bundle goes; into the same file when left out')
    .action((file: string, options: SignOptions, command: Command) => sign(output, file, options, command));
}

function keygen(output: Output, key_id: string, options: KeygenOptions, command: Command): void {
  const file = options.out ?? `${key_id}.pem`;
  const entry = trustRoot.shape.keys.element.omit({ public_key: true });
  const named = readShape(entry, { key_id, ...validityOf(options, new Date()) }, 'no key can be called so');
  const key = createSigningKey(file, named);
  print(output, command, { file, key }, showKey);
}

async function build(output: Output, folder: string, options: BuildOptions, command: Command): Promise<void> {
  const read = readPolicy(folder);
  const version = options.version ?? read.version;
  const { tenants } = readShape(bundleScope, { tenants: options.scope }, '--scope');
  if (tenants.includes('*') && tenants.length > 1) throw new UsageError('--scope: * stands alone');
  const validity = validityOf(options, new Date());
  // A bundle with errors has no version, so they are printed first.
  const tested = testPolicy(compileAtHand({ ...read, version }));
  if (version === null) throw new UsageError(`${read.name} states no version: give one with --version`);
  requirePassed(tested, options.minCoverage);
  const built = await buildBundle(read.files, { version, tenants, ...validity });
  if (!built.ok) throw faulty(read.name, built.faults);
  writeBundle(options.out, built.document);
  print(output, command, { file: options.out, ...summaryOf(built.document), tests: tested.total }, showBuilt);
}

async function sign(output: Output, file: string, options: SignOptions, command: Command): Promise<void> {
  const out = options.out ?? file;
  if (out === '-') throw new UsageError('what is read from standard input needs --out');
  const document = readBundle(file);
  await requireSound(nameOf(file), document);
  const signer = readSigner(options.keyFile, options.keyId);
  const root = options.trustRoot === undefined ? null : readTrustRoot(options.trustRoot);
  if (root !== null) await requireTrusted(signer, root);
  const signed = await signBundle(document, signer);
  writeBundle(out, signed);
  const standing = root === null ? null : await standingUnder(root, signed);
  print(output, command, { file: out, ...summaryOf(signed), signed_by: signer.key_id, standing }, showSigned);
}

function readTrustRoot(path: string): TrustRoot {
  return readShape(trustRoot, parseJson(readBytes(path), nameOf(path)), `${nameOf(path)} is no trust root`);
}

/** What a kernel with this trust root would say now. */
async function standingUnder(root: TrustRoot, document: BundleDocument): Promise<{ code: string; detail: string }> {
  const now = new Date().toISOString();
  const verified = await verifyBundle(JSON.stringify(document), root, now);
  if (!verified.ok) return { code: verified.code, detail: verified.detail };
  return { code: 'ok', detail: `believed: ${root.threshold} of ${root.keys.length} keys must sign, and did` };
}
