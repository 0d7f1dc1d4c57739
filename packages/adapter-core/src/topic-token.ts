/** Names a tool as a segment of a topic. */
import { isToken } from '@countersign/contracts/names';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';

const SLUG = 55;
const HASH = 8;

/** A name that fits no topic becomes a slug and the beginning of its hash. Injective: what already looks like one gets one of its own. */
export function topicToken(name: string): string {
  if (isToken(name) && !/-[0-9a-f]{8}$/.test(name)) return name;
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '_')
    .slice(0, SLUG);
  return `${slug}-${sha256Hex(encodeUtf8(name)).slice(0, HASH)}`;
}
