/** The servers that a test run shares, as the workers see them. Everything here must survive structured clone. */
import type { NatsServerBinary } from '@countersign/infra/find-nats-server';

export type TestStack = {
  kind: 'processes' | 'containers';
  /** Removed with everything in it when the run ends. */
  run_dir: string;
  /** Superuser of the one Postgres; a test never writes to that server's own databases. */
  admin_url: string;
  /** Every login role of the services has this password. */
  role_password: string;
  /** Absent with containers, where the image brings it. */
  nats_binary: NatsServerBinary | undefined;
};

declare module 'vitest' {
  interface ProvidedContext {
    test_stack: TestStack;
  }
}
