/** Who takes part, what they may do, and what is stopped, as functions over the HTTP API. */
import type { EntitlementReport, SignedOff, SignOff } from '@countersign/contracts/entitlements';
import type {
  AgentView,
  agentChange,
  agentPage,
  GroupView,
  groupChange,
  groupPage,
  KeyView,
  keyChange,
  keyPage,
  keyQuery,
  keyRotation,
  MadeKey,
  MadeTenant,
  newAgent,
  newGroup,
  newKey,
  newPerson,
  newTenant,
  newWorker,
  PersonView,
  peoplePage,
  personChange,
  RotatedKey,
  registryQuery,
  revocationPage,
  ShownGroup,
  signingKeyRotation,
  TenantView,
  tenantPage,
  WorkerView,
  workerPage,
  workerQuery,
} from '@countersign/contracts/identity';
import type { Lifted, NewStop, StopList, StopView } from '@countersign/contracts/stops';
import { type ClientOptions, type Outgoing, sendForJson } from './send-request.ts';

/** As a zod schema of the contracts reads it, and as it gives it. */
type In<S> = S extends { _zod: { input: infer T } } ? T : never;
type Out<S> = S extends { _zod: { output: infer T } } ? T : never;
type Query = In<typeof registryQuery>;

/** A group is ended, not revoked for good: made anew it begins again. */
export type RegistryClient = {
  agents(query?: Query): Promise<Out<typeof agentPage>>;
  agent(id: string): Promise<AgentView>;
  createAgent(given: In<typeof newAgent>): Promise<AgentView>;
  changeAgent(id: string, change: In<typeof agentChange>): Promise<AgentView>;
  /** Without a `signing_key` the one before ends sooner. */
  rotateAgentKey(id: string, rotation: In<typeof signingKeyRotation>): Promise<AgentView>;
  revokeAgent(id: string, reason: string): Promise<AgentView>;
  people(query?: Query): Promise<Out<typeof peoplePage>>;
  person(id: string): Promise<PersonView>;
  createPerson(given: In<typeof newPerson>): Promise<PersonView>;
  changePerson(id: string, change: In<typeof personChange>): Promise<PersonView>;
  revokePerson(id: string, reason: string): Promise<PersonView>;
  groups(query?: Query): Promise<Out<typeof groupPage> & { groups: GroupView[] }>;
  group(group: string): Promise<ShownGroup>;
  createGroup(given: In<typeof newGroup>): Promise<ShownGroup>;
  changeGroup(group: string, change: In<typeof groupChange>): Promise<ShownGroup>;
  revokeGroup(group: string, reason: string): Promise<ShownGroup>;
  keys(query?: In<typeof keyQuery>): Promise<Out<typeof keyPage>>;
  key(key_id: string): Promise<KeyView>;
  /** The key is in this answer and nowhere afterwards. */
  createKey(given: In<typeof newKey>): Promise<MadeKey>;
  changeKey(key_id: string, change: In<typeof keyChange>): Promise<KeyView>;
  rotateKey(key_id: string, rotation?: In<typeof keyRotation>): Promise<RotatedKey>;
  revokeKey(key_id: string, reason: string): Promise<KeyView>;
  workers(query?: In<typeof workerQuery>): Promise<Out<typeof workerPage>>;
  worker(pool: string, worker: string): Promise<WorkerView>;
  createWorker(given: In<typeof newWorker>): Promise<WorkerView>;
  rotateWorkerKey(pool: string, worker: string, rotation: In<typeof signingKeyRotation>): Promise<WorkerView>;
  revokeWorker(pool: string, worker: string, reason: string): Promise<WorkerView>;
  tenants(query?: Query): Promise<Out<typeof tenantPage>>;
  tenant(tenant: string): Promise<TenantView>;
  createTenant(given: In<typeof newTenant>): Promise<MadeTenant>;
  revocations(query?: Query): Promise<Out<typeof revocationPage>>;
  stops(): Promise<StopList>;
  setStop(stop: NewStop): Promise<StopView>;
  liftStop(switch_id: string, reason: string): Promise<Lifted>;
  entitlements(days?: number): Promise<EntitlementReport>;
  signOffEntitlements(signed: SignOff): Promise<SignedOff>;
};

export function registryClient(options: ClientOptions): RegistryClient {
  const get = <T>(path: string, query: object = {}): Promise<T> =>
    sendForJson<T>(options, { method: 'GET', path, query: query as NonNullable<Outgoing['query']> });
  const post = <T>(path: string, body: unknown): Promise<T> => sendForJson<T>(options, { method: 'POST', path, body });
  const patch = <T>(path: string, body: unknown): Promise<T> =>
    sendForJson<T>(options, { method: 'PATCH', path, body });
  const at = (kind: string, ...names: string[]): string => ['', kind, ...names.map(encodeURIComponent)].join('/');
  return {
    agents: (query) => get('/agents', query),
    agent: (id) => get(at('agents', id)),
    createAgent: (given) => post('/agents', given),
    changeAgent: (id, change) => patch(at('agents', id), change),
    rotateAgentKey: (id, rotation) => post(`${at('agents', id)}/rotate`, rotation),
    revokeAgent: (id, reason) => post(`${at('agents', id)}/revoke`, { reason }),
    people: (query) => get('/people', query),
    person: (id) => get(at('people', id)),
    createPerson: (given) => post('/people', given),
    changePerson: (id, change) => patch(at('people', id), change),
    revokePerson: (id, reason) => post(`${at('people', id)}/revoke`, { reason }),
    groups: (query) => get('/groups', query),
    group: (group) => get(at('groups', group)),
    createGroup: (given) => post('/groups', given),
    changeGroup: (group, change) => patch(at('groups', group), change),
    revokeGroup: (group, reason) => post(`${at('groups', group)}/revoke`, { reason }),
    keys: (query) => get('/keys', query),
    key: (key_id) => get(at('keys', key_id)),
    createKey: (given) => post('/keys', given),
    changeKey: (key_id, change) => patch(at('keys', key_id), change),
    rotateKey: (key_id, rotation = {}) => post(`${at('keys', key_id)}/rotate`, rotation),
    revokeKey: (key_id, reason) => post(`${at('keys', key_id)}/revoke`, { reason }),
    workers: (query) => get('/workers', query),
    worker: (pool, worker) => get(at('workers', pool, worker)),
    createWorker: (given) => post('/workers', given),
    rotateWorkerKey: (pool, worker, rotation) => post(`${at('workers', pool, worker)}/rotate`, rotation),
    revokeWorker: (pool, worker, reason) => post(`${at('workers', pool, worker)}/revoke`, { reason }),
    tenants: (query) => get('/tenants', query),
    tenant: (tenant) => get(at('tenants', tenant)),
    createTenant: (given) => post('/tenants', given),
    revocations: (query) => get('/revocations', query),
    stops: () => get('/stops'),
    setStop: (stop) => post('/stops', stop),
    liftStop: (switch_id, reason) => post(`${at('stops', switch_id)}/lift`, { reason }),
    entitlements: (days) => get('/entitlements', days === undefined ? {} : { days }),
    signOffEntitlements: (signed) => post('/entitlements/sign-off', signed),
  };
}
