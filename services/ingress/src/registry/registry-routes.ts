/** The routes of who takes part. What each may do, and who may do it, is said in its own file. */
import type { Bus } from '@countersign/platform/bus';
import type { Route } from '../route.ts';
import { agentRoutes } from './agent-routes.ts';
import { busUserRoutes } from './bus-user-routes.ts';
import { entitlementRoutes } from './entitlement-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { peopleRoutes } from './people-routes.ts';
import { type RegistryParts, revocationRoutes } from './revoke-routes.ts';
import { stopRoutes } from './stop-routes.ts';
import { tenantRoutes } from './tenant-routes.ts';
import { type WebhookParts, webhookRoutes } from './webhook-routes.ts';
import { workerRoutes } from './worker-routes.ts';

export function registryRoutes(parts: RegistryParts & WebhookParts & { bus: Bus }): Route[] {
  return [
    ...agentRoutes(parts),
    ...peopleRoutes(parts),
    ...groupRoutes(parts),
    ...keyRoutes(parts),
    ...workerRoutes(parts),
    ...busUserRoutes(parts),
    ...tenantRoutes(parts),
    ...revocationRoutes(parts),
    ...stopRoutes(parts.bus),
    ...entitlementRoutes(parts),
    ...webhookRoutes(parts),
  ];
}
