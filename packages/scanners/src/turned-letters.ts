/** Reads letters that stand upside down, and so from the right to the left. */
import { type View, ViewBuilder } from './normalise.ts';

const TURNED = [...'ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz'];
/** Letters that stand for others only upside down show that plain ones around them are turned, too. */
const ONLY_TURNED = /[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]/g;
const MIN_TURNED = 4;
/** Characters that are read so: nobody writes more, and each costs as much as a whole scan. */
const MAX_TURNED = 64 * 1024;
const UPRIGHT = new Map(TURNED.map((char, i) => [char, 97 + i]));
const CAPITALS = [...'∀aƆcƎeℲfıiſj˥lԀp┴t∩uΛv⅄y'];
for (let i = 0; i < CAPITALS.length; i += 2) UPRIGHT.set(CAPITALS[i]!, CAPITALS[i + 1]!.charCodeAt(0));

/** The text the other way up, or null where hardly a letter is turned. */
export function turnedView(source: View): View | null {
  const text = source.text.slice(0, MAX_TURNED);
  if ((text.match(ONLY_TURNED)?.length ?? 0) < MIN_TURNED) return null;
  const builder = new ViewBuilder(source);
  for (let i = text.length - 1; i >= 0; i -= 1) builder.pushUnit(UPRIGHT.get(text[i]!) ?? text.charCodeAt(i), i, i + 1);
  return builder.view();
}
