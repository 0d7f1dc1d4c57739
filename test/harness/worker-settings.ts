/** What the development worker of a pool starts from, on a bus at `nats_url`. */

import { workerUser } from '@countersign/contracts/subjects';
import type { DevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_WORKER } from '@countersign/infra/development-roster';

export function workerSettings(keys: DevelopmentKeys, nats_url: string, pool: string) {
  return {
    servers: nats_url,
    nkey_seed: keys.nats[workerUser(pool, DEVELOPMENT_WORKER)]!.seed,
    pool,
    worker: DEVELOPMENT_WORKER,
    signing_key: keys.worker_signing[`${pool}/${DEVELOPMENT_WORKER}`]!.private_pem,
    scheduler_public_keys: [keys.warrant.public_key],
  };
}
