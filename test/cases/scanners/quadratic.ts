/** Work that grows with the square of a text's length, one for each way of reading: what counts steps has to see it. */
export const QUADRATIC: readonly { name: string; run: (text: string) => unknown }[] = [
  { name: 'a loop in a loop', run: pairs },
  { name: 'an expression tried from each place', run: (text) => /(?:ab)*c/.exec(text) },
  { name: 'a search to the end from each place', run: searches },
  { name: 'a copy of the rest at each place', run: rests },
];

function pairs(text: string): number {
  let same = 0;
  for (let i = 0; i < text.length; i += 1) {
    for (let j = i; j < text.length; j += 1) if (text[i] === text[j]) same += 1;
  }
  return same;
}

function searches(text: string): number {
  let found = 0;
  for (let i = 0; i < text.length; i += 1) if (text.indexOf('c', i) !== -1) found += 1;
  return found;
}

function rests(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i += 1) length += text.slice(i).length;
  return length;
}
