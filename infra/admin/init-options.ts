// What `countersign-admin init` is told.
export type InitOptions = {
  /** A superuser's. */
  database_url: string;
  nats_url: string;
  /** An absolute folder that keeps the system's keys and settings. */
  out: string;
  tenant: string;
  admin: string;
  /** Name under which the ledger is signed. */
  log_origin: string;
};
