import { run } from '@countersign/platform/service';
import { audit } from './service.ts';

await run([audit]);
