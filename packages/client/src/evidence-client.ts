/** Proofs of the ledger, as functions over the HTTP API: checkpoints, ways to a root, tiles, and policies as they were signed. */
import type {
  CheckpointView,
  ConsistencyView,
  InclusionView,
  PolicyDocument,
  PopulationView,
} from '@countersign/contracts/evidence';
import { type ClientOptions, errorOf, type Outgoing, readJson, send, sendForJson } from './send-request.ts';

export type EvidenceClient = {
  /** The last signed checkpoint, or the one of that size. */
  checkpoint(tree_size?: number): Promise<CheckpointView>;
  /** Of a leaf in the tree of that size, by default in the first signed one that has it. */
  inclusion(leaf_index: number, tree_size?: number): Promise<InclusionView>;
  /** Both are sizes of signed checkpoints. */
  consistency(from: number, to: number): Promise<ConsistencyView>;
  /** The log's signed word on which entries of leaves from `from` on concern the own tenant; it goes on at its `to`. */
  population(tree_size: number, from: number, to?: number): Promise<PopulationView>;
  /** `path` as tlog-tiles has it: `tile/0/000`, `tile/entries/x001/067.p/8`. */
  tile(path: string): Promise<Uint8Array>;
  /** The signed document of a policy that was ever published. */
  policyDocument(snapshot: string): Promise<PolicyDocument>;
};

export function evidenceClient(options: ClientOptions): EvidenceClient {
  const get = <T>(path: string, query: Outgoing['query'] = {}): Promise<T> =>
    sendForJson<T>(options, { method: 'GET', path, query });
  return {
    checkpoint: (tree_size) => get('/evidence/checkpoint', { tree_size }),
    inclusion: (leaf_index, tree_size) => get('/evidence/inclusion', { leaf_index, tree_size }),
    consistency: (from, to) => get('/evidence/consistency', { from, to }),
    population: (tree_size, from, to) => get('/evidence/population', { tree_size, from, to }),
    tile: (path) => readTile(options, path),
    policyDocument: (snapshot) => get(`/policies/${encodeURIComponent(snapshot)}`),
  };
}

async function readTile(options: ClientOptions, path: string): Promise<Uint8Array> {
  const response = await send(options, { method: 'GET', root: true, path: `/tlog/${path}` });
  if (!response.ok) throw errorOf(response, await readJson(response));
  return new Uint8Array(await response.arrayBuffer());
}
