/** The six services in one process, for development; nothing about them changes. */
import { run } from '@countersign/platform/service';
import { allServices } from './all-services.ts';

await run(allServices);
