/** How text from outside is shown to a person: what no eye sees, and what turns a line around, is written out. */

/** Controls of both ranges, what turns a line around, what ends one unseen, and what no eye can see. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Text from outside could move the cursor or reverse the line: such characters are printed as names. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, (unit) =>
    unit === '\n' || unit === '\t' ? unit : `\\u{${unit.codePointAt(0)!.toString(16)}}`,
  );
}

/** The same value as JSON, in which such characters are escaped. */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(UNSEEN, (unit) => (unit === '\n' ? unit : escaped(unit)));
}

/** As JSON writes it: `\u` and four digits for each UTF-16 unit. */
export function escaped(unit: string): string {
  return [...utf16(unit)].map((hex) => `\\u${hex}`).join('');
}

/** JSON pointers to the texts and names in which such characters stand; line ends and tabs are no reason to worry. */
export function unseenIn(value: unknown, at = ''): string[] {
  if (typeof value === 'string') return hides(value) ? [at] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(hides(name) ? [`${at} (a name)`] : []),
    ...unseenIn(inner, `${at}/${name}`),
  ]);
}

function hides(text: string): boolean {
  return text.replaceAll(/[\n\t\r]/g, '').search(UNSEEN) !== -1;
}

function* utf16(text: string): Generator<string> {
  for (let i = 0; i < text.length; i++) yield text.charCodeAt(i).toString(16).padStart(4, '0');
}
