/** Names a run as a label's value, so that rules over a run, stops and searches find its jobs. The same in each language. */
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';

/** What reads the same everywhere: as long as a label may be, without spaces around it. */
const AS_IT_STANDS = /^[!-~]([ -~]{0,254}[!-~])?$/;

/** The id itself, so that people find the run by the name they know; `sha256:` and hex of what cannot be a label's value. */
export function runLabel(run: string): string {
  return AS_IT_STANDS.test(run) ? run : `sha256:${sha256Hex(encodeUtf8(run))}`;
}
