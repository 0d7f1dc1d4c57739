/** Ingress: who is asking, and is the request well formed. It decides nothing else, and cannot read a job's content. */
import { LIMITS } from '@countersign/contracts/limits';
import { oidcSettings } from '@countersign/contracts/login';
import { instant } from '@countersign/contracts/names';
import { endsSometime, NEEDS_END } from '@countersign/platform/fail-mode';
import { listen } from '@countersign/platform/http';
import { jsonSetting } from '@countersign/platform/json-setting';
import { defineService } from '@countersign/platform/service';
import { openShares } from '@countersign/platform/shares';
import { webhookKeys, webhookTargets } from '@countersign/platform/webhook-keys';
import { z } from 'zod';
import { admitToBus, type FindUsers } from './admit-to-bus.ts';
import { approvalRoutes } from './approval-routes.ts';
import { artifactRoutes } from './artifact-routes.ts';
import { createAuthenticator } from './authenticate.ts';
import { bundleRoutes } from './bundle-routes.ts';
import { serveConsole } from './console/serve-console.ts';
import { sessionRoute } from './console/session-route.ts';
import { openDecisions } from './decide-in-batches.ts';
import { delegationRoutes } from './delegation-routes.ts';
import { dropRevoked } from './drop-revoked.ts';
import { evidenceRoutes } from './evidence-routes.ts';
import { followUpRoutes } from './follow-up-routes.ts';
import { createTokenIssuer } from './issue-token.ts';
import { jobRoutes } from './job-routes.ts';
import { kpiRoutes } from './kpi-routes.ts';
import { loginRoutes } from './login/login-routes.ts';
import { openLogins } from './login/open-logins.ts';
import { openNatsDoor } from './nats-door.ts';
import { openTokens } from './open-tokens.ts';
import { ownIntake } from './own-intake.ts';
import { policyRoutes } from './policy-routes.ts';
import { openChains } from './prove-chain.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import { recordUses } from './registry/record-uses.ts';
import { registryRoutes } from './registry/registry-routes.ts';
import { countEnding } from './registry/store-uses.ts';
import { retentionRoutes } from './retention-routes.ts';
import { reviewRoutes } from './review-routes.ts';
import { serveDocuments } from './serve-documents.ts';
import { serveRoutes } from './serve-routes.ts';
import { createBusSigner } from './sign-bus-user.ts';
import { findEnded } from './store.ts';
import { findBusUsers } from './store-bus.ts';
import { deleteExpired } from './store-tokens.ts';
import { createEventStreams } from './stream-events.ts';
import { submitFailOpen } from './submit-fail-open.ts';
import { createSubmit } from './submit-job.ts';
import { tokenRoutes } from './token-routes.ts';
import { openHttpSignatures } from './verify-http-signature.ts';
import { waitingCallers } from './waiting-callers.ts';
import { workerDoorRoutes } from './worker-door-routes.ts';

const RAW_KEY = '[A-Za-z0-9_-]{43}';
const formerKeys = z
  .string()
  .regex(
    new RegExp(`^${RAW_KEY}(,${RAW_KEY}){0,${LIMITS.token_keys - 1}}$`),
    `must be 1 to ${LIMITS.token_keys} raw Ed25519 public keys, base64url`,
  )
  .transform((text): readonly string[] => text.split(','));

const settings = z.object({
  /** Seed (`SA…`) of the issuer that the server's configuration names: in its name workers and tenants are let into NATS. */
  BUS_ISSUER_SEED: z.string().regex(/^SA[A-Z2-7]{56}$/, 'must be the seed of an account nkey'),
  /** Of the HTTP API; 0 takes any free port. */
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
  /** Address that the HTTP API listens on. TLS is the proxy's in front of it. */
  HTTP_HOST: z.string().default('127.0.0.1'),
  /** Names, split by commas, under which the API is reached beside `localhost` and addresses: the proxy's, for one. */
  HTTP_NAMES: z
    .string()
    .regex(/^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$/, 'must be host names, split by commas')
    .optional(),
  /** PKCS#8 PEM of the Ed25519 key that signs tokens, the same for every replica; without it none are issued or taken. */
  TOKEN_KEY: z.string().includes('BEGIN PRIVATE KEY', { message: 'must be a PKCS#8 PEM' }).optional(),
  /** Public keys whose tokens are still taken while the key is rotated: raw, base64url, by commas. */
  TOKEN_FORMER_KEYS: formerKeys.default([]),
  /** Who issues tokens, as they say it. */
  TOKEN_ISSUER: z.string().min(1).max(LIMITS.token_chars).default('countersign'),
  /** For whom they are; a token of another system has another. */
  TOKEN_AUDIENCE: z.string().min(1).max(LIMITS.token_chars).default('countersign'),
  /** People through an OpenID provider, as JSON: issuer, client, tenant, and which of its groups are what here. */
  OIDC: jsonSetting(oidcSettings).optional(),
  /** While the kernel is out of reach: `closed` admits nothing, `open` what the kernel allowed the same caller before. */
  FAIL_MODE: z.enum(['closed', 'open']).default('closed'),
  /** RFC 3339 in UTC: when `open` ends by itself. */
  FAIL_OPEN_UNTIL: instant.optional(),
  /** Where webhooks may go: origins, split by commas. ` private` behind one allows an address that is not public, and no TLS. */
  WEBHOOK_TARGETS: webhookTargets,
  /** What webhooks' secrets are made of, for ingress and audit: 32 bytes each, base64url. The first makes new ones, the others serve. */
  WEBHOOK_KEYS: webhookKeys,
});

const config = settings.refine(endsSometime, NEEDS_END);

export const ingress = defineService({
  name: 'ingress',
  config,
  metrics: [
    'http_requests_total',
    'http_request_seconds',
    'input_fail_open_total',
    'intake_refused_total',
    'credentials_refused_total',
    'keys_ending',
    'tokens_issued_total',
    'event_streams',
    'bus_connections_total',
    'bus_connections_ended_total',
  ],
  functions: ['ledger.append', 'control.revoke', 'control.change_ceiling', 'control.forget_tokens'],
  async start(context) {
    const { config, database, bus, metrics, log, onStop } = context;
    const find: FindUsers = (nkeys) => findBusUsers(database, nkeys);
    const signer = createBusSigner(config.BUS_ISSUER_SEED);
    const turnAway = admitToBus({ connection: bus.connection, find, signer, metrics, log });
    onStop(async () => turnAway());
    const revoked = dropRevoked(context);
    const looks = context.sweep('revoked connections', LIMITS.revocation_look_ms, revoked.look);
    bus.onControl(() => looks.nudge());
    bus.connection.onReconnect(() => {
      revoked.forget();
      looks.nudge();
    });
    const intake = await ownIntake(context);
    const tokens = config.TOKEN_KEY === undefined ? null : openTokens({ ...config, TOKEN_KEY: config.TOKEN_KEY });
    const authenticator = createAuthenticator(database, tokens);
    const signatures = openHttpSignatures(database, authenticator);
    const prove = openChains(database);
    const issue = createTokenIssuer({ database, tokens, metrics, prove });
    const expired = context.sweep('expired credentials', LIMITS.expired_ms, async () => {
      if (await database.transaction((tx) => deleteExpired(tx, LIMITS.expired_rows))) expired.nudge();
    });
    const decide = submitFailOpen(openDecisions(bus), { mode: config, metrics, log });
    const uses = recordUses(database);
    context.sweep('uses', LIMITS.use_sweep_ms, () => uses.write());
    onStop(() => uses.write().catch(() => undefined));
    context.sweep('keys near their end', LIMITS.ending_look_ms, async () =>
      metrics.set('keys_ending', {}, await countEnding(database, LIMITS.ending_days)),
    );
    const submit = createSubmit(bus, decide, prove, uses);
    const shares = openShares(LIMITS.door_requests);
    const bodies = openShares(LIMITS.door_bytes);
    const waiting = waitingCallers(bus);
    const streams = createEventStreams(bus, metrics, (readers) => findEnded(database, readers));
    const logins = config.OIDC === undefined ? null : openLogins(database, config.OIDC);
    const routes = [
      ...jobRoutes({ bus, submit, streams, waiting }),
      ...approvalRoutes(bus, streams),
      ...reviewRoutes(bus),
      ...followUpRoutes(bus, submit),
      ...quarantineRoutes(bus),
      ...kpiRoutes(bus),
      ...policyRoutes(bus, prove),
      ...bundleRoutes(bus),
      ...tokenRoutes(issue),
      ...delegationRoutes(database),
      sessionRoute(),
      ...(logins === null ? [] : loginRoutes(database, logins)),
      ...registryRoutes({
        database,
        bus,
        webhooks: { targets: config.WEBHOOK_TARGETS, keys: config.WEBHOOK_KEYS },
      }),
      ...evidenceRoutes(bus),
      ...retentionRoutes(bus),
      ...workerDoorRoutes(bus),
      ...artifactRoutes(bus),
    ];
    const names = config.HTTP_NAMES?.split(',') ?? [];
    const app = serveRoutes(routes, { authenticator, signatures, uses, shares, bodies, metrics, log });
    serveDocuments(app, routes);
    serveConsole(app, { database, authenticator, metrics, logins, log });
    const http = await listen(app.fetch, config.HTTP_PORT, config.HTTP_HOST, { names });
    onStop(() => http.close());
    onStop(() => streams.close());
    openNatsDoor({ bus, intake, submit, authenticator, uses, shares, metrics, log });
    log.info({ url: http.url }, 'the door is open');
  },
});
