/**
 * The tree cut into tiles (C2SP tlog-tiles): 256 hashes each, which never change once full, so that a log of millions is
 * verified from files. Names and arithmetic only; whoever reads a tile still compares with a signed root.
 */
import { HASH_BYTES } from './chain-hash.ts';
import { type HashReader, type NodeId, nodeHash } from './merkle.ts';

/** Levels of the tree in one tile, and hashes in a full one. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
/** Levels of tiles: 2^48 leaves. */
const MAX_LEVEL = 5;

/** `level` counts tiles: its hashes are the roots of complete subtrees of 256^level leaves. `width`: 1 to 256 of them. */
export type TileId = { readonly level: number; readonly index: bigint; readonly width: number };
/** `entries`: not hashes of the tree but what they are hashes of. */
export type TilePath = TileId & { readonly entries: boolean };

const TILE_PATH = /^tile\/(entries|\d)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The tile's bytes: `width` hashes of 32 bytes each. */
export type TileReader = (tile: TileId) => Promise<Uint8Array>;

/** `tile/0/x001/x234/067` with `.p/8` behind it when partial; `tile/entries/…` for what the leaves are hashes of. */
export function formatTilePath({ level, index, width, entries }: TilePath): string {
  const digits = index.toString().padStart(3, '0');
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g)!;
  const path = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${entries ? 'entries' : level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Null for what is no path of a tile. One tile has one name. */
export function parseTilePath(path: string): TilePath | null {
  const [, kind, place, width = '256'] = TILE_PATH.exec(path) ?? [];
  if (kind === undefined || place === undefined) return null;
  const entries = kind === 'entries';
  const tile = {
    entries,
    level: entries ? 0 : Number(kind),
    index: BigInt(place.replaceAll(/[x/]/g, '')),
    width: Number(width),
  };
  return tile.level <= MAX_LEVEL && tile.width <= TILE_WIDTH && formatTilePath(tile) === path ? tile : null;
}

/** How many hashes tile `index` of a level has in a tree of `size` leaves; 0 when there is none. */
export function tileWidth(size: bigint, level: number, index: bigint): number {
  const hashes = (size >> BigInt(TILE_HEIGHT * level)) - index * BigInt(TILE_WIDTH);
  if (hashes <= 0n) return 0;
  return hashes < BigInt(TILE_WIDTH) ? Number(hashes) : TILE_WIDTH;
}

/**
 * Reads hashes of the tree of `size` leaves out of tiles, each tile once. Throws RangeError for a tile of another length,
 * and for a node that the tree does not have.
 */
export function readThroughTiles(size: bigint, readTile: TileReader): HashReader {
  const read = new Map<string, Promise<Uint8Array>>();
  const tileOf = (level: number, index: bigint): Promise<Uint8Array> => {
    const name = `${level}/${index}`;
    let tile = read.get(name);
    if (tile === undefined) {
      tile = readWhole({ level, index, width: tileWidth(size, level, index) }, readTile);
      read.set(name, tile);
    }
    return tile;
  };
  return (nodes) => Promise.all(nodes.map((node) => readNode(node, tileOf)));
}

/** A tile's bytes as hashes. */
export function hashesOf(tile: Uint8Array): Uint8Array[] {
  return Array.from({ length: tile.length / HASH_BYTES }, (_, i) =>
    tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

/** An entry bundle of tlog-tiles: each entry behind its length as u16 big endian. Ours are the entries' chain hashes. */
export function entryBundle(hashes: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(hashes.flatMap((hash) => [Uint8Array.of(0, hash.length), hash]));
}

async function readWhole(tile: TileId, readTile: TileReader): Promise<Uint8Array> {
  if (tile.width === 0) throw new RangeError('the tree has no such tile');
  const bytes = await readTile(tile);
  if (bytes.length !== tile.width * HASH_BYTES) throw new RangeError('a tile has another length than its name says');
  return bytes;
}

async function readNode(
  { level, index }: NodeId,
  tileOf: (level: number, index: bigint) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const above = level % TILE_HEIGHT;
  const first = index << BigInt(above);
  const bytes = await tileOf((level - above) / TILE_HEIGHT, first / BigInt(TILE_WIDTH));
  const start = Number(first % BigInt(TILE_WIDTH));
  let hashes = hashesOf(bytes).slice(start, start + 2 ** above);
  if (hashes.length !== 2 ** above) throw new RangeError('the tree has no such node');
  while (hashes.length > 1) hashes = pairs(hashes);
  return hashes[0]!;
}

function pairs(hashes: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: hashes.length / 2 }, (_, i) => nodeHash(hashes[2 * i]!, hashes[2 * i + 1]!));
}
