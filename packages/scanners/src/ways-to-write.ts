/** The ways in which words near a number may be written. */

/** `taxFileNumber` is three words. */
const HUMP = /[a-z][A-Z]/;
const HUMPS = /([a-z])([A-Z])/g;
/** `c.f.`, `T.F.N.` */
const DOTTED = /(?<!\p{L})(?:\p{L}\.){2,6}/gu;

/** Names and words as they stand, humps as words, abbreviations without their dots. */
export function waysToWrite(near: string): string[] {
  const spaced = near.includes('_') ? near.replaceAll('_', ' ') : near;
  const ways = [spaced];
  if (HUMP.test(near)) ways.push(spaced.replaceAll(HUMPS, '$1 $2'));
  if (mayBeDotted(near)) ways.push(spaced.replaceAll(DOTTED, (letters) => `${letters.replaceAll('.', '')} `));
  return ways;
}

/** Whether two dots have one letter between them. */
function mayBeDotted(text: string): boolean {
  for (let at = text.indexOf('.'); at !== -1; at = text.indexOf('.', at + 1))
    if (text[at + 2] === '.' || text[at + 3] === '.') return true;
  return false;
}
