/** `countersign policy publish | activate | bundles | replay | rollback`: what a server is asked to believe and to obey. */
import type { BundleDocument } from '@countersign/contracts/policy';
import type { Activated, BundleView, ReplayAnswer } from '@countersign/contracts/policy-rollout';
import { signBundle } from '@countersign/policy/build-bundle';
import type { Command } from 'commander';
import { BUNDLE_DAYS, withSignerOptions } from './bundle-commands.ts';
import { readBundle, summaryOf, writeBundle } from './bundle-file.ts';
import { clientOf, type Output, print } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { readCandidate } from './read-candidate.ts';
import { readWindow, type WindowOptions } from './read-window.ts';
import { reissueBundle } from './reissue-bundle.ts';
import { showActivated, showBundles, showPublished, showReissued, showReplay } from './show-rollout.ts';
import { readSigner } from './signing-key.ts';
import { type ValidityOptions, validityOf, withValidityOptions } from './validity.ts';
import { wholeNumber } from './whole-number.ts';

type StrictOptions = { strict?: true };
type ActivateOptions = StrictOptions & { scope?: string; snapshot?: string };

type ReplayOptions = WindowOptions & { candidate?: string; limit?: number; exitCode?: boolean };

type RollbackOptions = ValidityOptions & { keyFile: string; keyId?: string; version?: number; out?: string };

export type RolledBack = { bundle: BundleView; activated: Activated };

export function addRolloutCommands(policy: Command, output: Output): void {
  policy
    .command('publish <bundle>')
    .description('hand a signed bundle to the server; nothing changes yet')
    .option('--strict', 'refuse it when a group has fewer people than it asks for')
    .action((file: string, options: StrictOptions, command: Command) => publish(output, file, options, command));
  policy
    .command('bundles')
    .description('what was published, and what of it is active')
    .action(async (_: object, command: Command) => print(output, command, await allBundles(command), showBundles));
  policy
    .command('activate')
    .description('let a published bundle decide')
    .argument('<version>', 'as published', wholeNumber)
    .option('--scope <tenant>', "where the version is looked up: a tenant, or * ; the key's own tenant when left out")
    .option('--snapshot <digest>', 'refuse any other bundle of this version')
    .option('--strict', 'refuse it when a group has fewer people than it asks for')
    .action((version: number, options: ActivateOptions, command: Command) =>
      activate(output, version, options, command),
    );
  policy
    .command('replay')
    .description('decide the jobs of a window of history again, and say what would differ')
    .option('--from <instant>', 'RFC 3339 in UTC')
    .option('--to <instant>', 'RFC 3339 in UTC; now when left out')
    .option('--last <duration>', 'instead of --from, e.g. 24h or 7d')
    .option('--candidate <path|version>', 'a folder, a bundle or a published version; the active policy when left out')
    .option('--limit <n>', 'the oldest so many jobs', wholeNumber)
    .option('--exit-code', `exit with ${EXIT.differs} when anything would be decided otherwise`)
    .action((options: ReplayOptions, command: Command) => replay(output, options, command));
  withValidityOptions(withSignerOptions(policy.command('rollback <old_bundle>')), BUNDLE_DAYS)
    .description('sign the old content as a new version, publish and activate it')
    .option('--version <n>', 'the new version; the newest published and one more when left out', wholeNumber)
    .option('--out <file>', 'only sign, and write it here for the others to sign')
    .action((file: string, options: RollbackOptions, command: Command) => rollback(output, file, options, command));
}

async function publish(output: Output, file: string, options: StrictOptions, command: Command): Promise<void> {
  return print(output, command, await clientOf(command).publishBundle(readBundle(file), options), showPublished);
}

async function allBundles(command: Command): Promise<BundleView[]> {
  const client = clientOf(command);
  const all: BundleView[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.bundles(cursor === undefined ? {} : { cursor });
    all.push(...page.bundles);
    cursor = page.next_cursor;
  }
  return all;
}

async function activate(output: Output, version: number, options: ActivateOptions, command: Command): Promise<void> {
  return print(output, command, await clientOf(command).activateBundle(version, options), showActivated);
}

async function replay(output: Output, options: ReplayOptions, command: Command): Promise<void> {
  const { candidate, limit, exitCode } = options;
  const answer: ReplayAnswer = await clientOf(command).replay({
    ...readWindow(options, new Date()),
    ...(candidate === undefined ? {} : { candidate: readCandidate(candidate) }),
    ...(limit === undefined ? {} : { limit }),
  });
  print(output, command, answer, showReplay);
  if (exitCode === true && answer.same < answer.replayed) output.exit(EXIT.differs);
}

/** With `--out` it ends with the signature: where several must sign, the others do, and then publish and activate. */
async function rollback(output: Output, file: string, options: RollbackOptions, command: Command): Promise<void> {
  const old = readBundle(file);
  const signer = readSigner(options.keyFile, options.keyId);
  const version = options.version ?? (await newestVersion(command)) + 1;
  const fresh = await reissueBundle(file, old, { version, ...validityOf(options, new Date()) });
  const signed = await signBundle(fresh, signer);
  if (options.out !== undefined) {
    writeBundle(options.out, signed);
    return print(output, command, { file: options.out, ...summaryOf(signed) }, showReissued);
  }
  print(output, command, await bringForward(signed, command), ({ activated }) => showActivated(activated));
}

/** Of all that were published: a version that exists already could not be activated. */
async function newestVersion(command: Command): Promise<number> {
  return Math.max(0, ...(await allBundles(command)).map(({ version }) => version));
}

async function bringForward(signed: BundleDocument, command: Command): Promise<RolledBack> {
  const client = clientOf(command);
  const bundle = await client.publishBundle(signed);
  const { version, snapshot } = bundle;
  const [scope] = bundle.tenants;
  return { bundle, activated: await client.activateBundle(version, { snapshot, ...(scope ? { scope } : {}) }) };
}
