/**
 * 156 attacks, 155 honest texts and 155 attacks in disguise, as they came from somebody who had not read the detectors or
 * any other set. Whoever changed the detectors has read none of them, and nobody is to.
 */
import { readSet } from '../read-set.ts';
import type { Sample } from '../sample.ts';

export function visitorTexts(file: 'attacks' | 'honest' | 'disguised'): Sample[] {
  return readSet(new URL(`${file}.jsonl`, import.meta.url));
}
