/**
 * Shows checkpoints to witnesses (C2SP tlog-witness) and keeps what they sign. Nothing waits for a witness: one that is
 * out of reach is asked again with the next checkpoint, from the last size that it cosigned.
 */
import type { NoteKey } from '@countersign/ledger/checkpoint';
import { parseWitnessKey, readCosignatures } from '@countersign/ledger/cosignature';
import { formatRequest } from '@countersign/ledger/witness';
import type { Database } from '@countersign/platform/database';
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import { z } from 'zod';
import { headOf, proveGrowth } from './read-tiles.ts';
import { keepCosignature, readCheckpoint } from './store-tree.ts';

type WitnessAt = { key: NoteKey; url: string };
type Witnesses = {
  /** A checkpoint was kept. While a witness is being asked, the last one that comes is the next one asked. */
  show(): void;
  stop(): Promise<void>;
};

const TIMEOUT_MS = 5_000;
const MOST = 8;

/** `<vkey> <url>`, separated by commas. */
export const witnessList = z
  .string()
  .refine((text) => readWitnesses(text).every((each) => each !== null) && text.split(',').length <= MOST, {
    message: `must be 1 to ${MOST} witnesses as "<vkey> <url>", separated by commas`,
  })
  .transform((text): readonly WitnessAt[] => readWitnesses(text).filter((each) => each !== null));

type WitnessParts = {
  witnesses: readonly WitnessAt[];
  database: Database;
  log: Pick<Logger, 'warn' | 'error'>;
  metrics: Pick<Metrics, 'count'>;
};

export function askWitnesses({ witnesses, ...parts }: WitnessParts): Witnesses {
  const asking = witnesses.map((witness) => askOne(witness, parts));
  return {
    show: () => {
      for (const each of asking) each.show();
    },
    async stop() {
      await Promise.all(asking.map((each) => each.stop()));
    },
  };
}

function askOne({ key, url }: WitnessAt, { database, log, metrics }: Omit<WitnessParts, 'witnesses'>): Witnesses {
  /** The last size that it cosigned, as far as we know. */
  let known = 0;
  let running: Promise<void> | null = null;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        metrics.count('ledger_cosignatures_total', { outcome: await ask(2) });
      } catch (thrown) {
        metrics.count('ledger_cosignatures_total', { outcome: 'unreachable' });
        log.warn({ ...errorFields(thrown), witness: key.name }, 'a witness was not reached');
      }
    } while (again);
    running = null;
  }

  async function ask(tries: number): Promise<'cosigned' | 'refused'> {
    const newest = await readCheckpoint(database);
    if (newest === null || newest.tree_size === known) return 'cosigned';
    const older = known === 0 ? null : await readCheckpoint(database, known);
    const proof = older === null ? [] : await proveGrowth(database, headOf(older), headOf(newest));
    const body = formatRequest(BigInt(known), proof, newest.note);
    const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      ...{ method: 'POST', body, redirect: 'error' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const line = (await response.text()).slice(0, 1_000);
    if (response.status === 409 && tries > 1 && /^\d{1,15}\n$/.test(line)) {
      known = Number(line);
      if (known <= newest.tree_size) return ask(tries - 1);
      log.error(
        { witness: key.name, cosigned: known, tree_size: newest.tree_size },
        'a witness saw a longer log: this one was set back',
      );
      return 'refused';
    }
    if (response.status !== 200 || readCosignatures(newest.note + line, [key]).length === 0) {
      log.error({ witness: key.name, status: response.status }, 'a witness did not cosign');
      return 'refused';
    }
    await keepCosignature(database, newest.tree_size, key.name, line);
    known = newest.tree_size;
    return 'cosigned';
  }

  return {
    show() {
      if (running === null) running = run();
      else again = true;
    },
    async stop() {
      again = false;
      await running;
    },
  };
}

function readWitnesses(text: string): (WitnessAt | null)[] {
  return text.split(',').map((each) => {
    const [vkey = '', url = '', ...rest] = each.trim().split(/\s+/);
    const key = parseWitnessKey(vkey);
    return key === null || rest.length > 0 || !/^https?:$/.test(URL.parse(url)?.protocol ?? '') ? null : { key, url };
  });
}
