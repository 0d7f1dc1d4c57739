/**
 * What OCSF 1.9.0 says of the class API Activity with the profiles that our events name (github.com/ocsf/ocsf-schema: api_activity,
 * base_event, the profiles, and the objects below), written down by hand: as much of it as an event of ours may use.
 */
type Shape = { must?: readonly string[]; may: readonly string[]; inside?: Readonly<Record<string, Shape>> };

const FINGERPRINT: Shape = { must: ['algorithm_id', 'value'], may: ['algorithm'] };
const ENTITY: Shape = { may: ['name', 'uid'] };

const API_ACTIVITY: Shape = {
  must: [
    'activity_id',
    'category_uid',
    'class_uid',
    'severity_id',
    'time',
    'type_uid',
    'metadata',
    'actor',
    'api',
    'src_endpoint',
  ],
  may: [
    ...['activity_name', 'category_name', 'class_name', 'severity', 'type_name', 'status_id', 'status', 'status_code'],
    ...['message', 'resources', 'unmapped', 'ai_agent', 'trace', 'attestation'],
    ...['action_id', 'action', 'disposition_id', 'disposition', 'policy'],
  ],
  inside: {
    metadata: {
      must: ['product', 'version'],
      may: ['correlation_uid', 'event_code', 'log_name', 'original_time', 'profiles', 'sequence', 'uid'],
      inside: { product: { may: ['name', 'vendor_name'] } },
    },
    actor: { may: ['app_name', 'user'], inside: { user: { may: ['uid', 'type_id'] } } },
    api: {
      must: ['operation'],
      may: ['service', 'request'],
      inside: { service: ENTITY, request: { must: ['uid'], may: [] } },
    },
    src_endpoint: ENTITY,
    ai_agent: { must: ['uid'], may: ['name', 'type_id'] },
    policy: { may: ['name', 'uid', 'version'] },
    trace: { must: ['uid'], may: [] },
    attestation: {
      must: ['fingerprint'],
      may: ['chain_uid', 'prev_event'],
      inside: {
        fingerprint: FINGERPRINT,
        prev_event: { must: ['uid'], may: ['type_uid', 'fingerprint'], inside: { fingerprint: FINGERPRINT } },
      },
    },
  },
};

/** Paths that are missing or that the schema does not know; empty for a valid event. */
export function faultsIn(value: unknown, { must = [], may, inside = {} }: Shape = API_ACTIVITY, at = ''): string[] {
  const object = value as Record<string, unknown>;
  const known = new Set([...must, ...may]);
  return [
    ...must
      .filter((name) => object[name] === undefined || object[name] === null)
      .map((name) => `${at}${name} is missing`),
    ...Object.keys(object)
      .filter((name) => !known.has(name))
      .map((name) => `${at}${name} is unknown`),
    ...Object.entries(inside).flatMap(([name, shape]) =>
      object[name] === undefined ? [] : faultsIn(object[name], shape, `${at}${name}.`),
    ),
  ];
}
