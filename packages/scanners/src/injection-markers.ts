/** Chat template markers, role headers and links that carry data away, by the literal that each begins with. */
import type { FindingTypeName } from './finding-types.ts';

type Marker = readonly [type: FindingTypeName, anchors: string, back: number, pattern: RegExp];

// Anchors by spaces, an underscore for a space in them. Each pattern is tried at most `back` characters before the
// anchor's end, and has constant bounds.
const MARKERS: readonly Marker[] = [
  ['delimiter_spoofing', '<|', 2, /<\|[a-z_]{2,24}\|>/iy],
  ['delimiter_spoofing', '[inst [/inst', 6, /\[\/?INST\]/iy],
  ['delimiter_spoofing', '<<sys <</sys', 7, /<<\/?SYS>>/iy],
  [
    'delimiter_spoofing',
    'start_of_turn end_of_turn tool_call function_call tool_response tool_result system_prompt system-reminder assistant_response </system',
    20,
    /<(?:\/?(?:start_of_turn|end_of_turn|tool_calls?|function_calls?|tool_response|tool_results?|system_prompt|system-reminder|assistant_response)|\/system)(?:\s[^>]{0,40})?>/iy,
  ],
  [
    'delimiter_spoofing',
    '"role" \'role\' \\"role\\"',
    8,
    /\\?["']role\\?["']\s{0,4}:\s{0,4}\\?["'](?:system|developer)\\?["']/iy,
  ],
  ['delimiter_spoofing', '[system] [assistant]', 11, /\[(?:system|assistant)\]\(#[a-z_]{1,20}\)/iy],
  [
    'delimiter_spoofing',
    'end_of begin_of',
    8,
    /(?:end|begin) of (?:user input|user message|untrusted (?:data|input|content)|system prompt|context|ticket data|document\.? (?:real|new|next|actual) (?:task|instructions?))\b/iy,
  ],
  [
    'data_exfiltration',
    '![',
    2,
    /!\[[^\]\n]{0,80}\]\(\s{0,2}https?:\/\/[^)\s]{3,200}[?&][\w-]{1,24}=(?:\{|\[|<|%7b|\$|\()[^)\n]{0,120}/iy,
  ],
  [
    'data_exfiltration',
    '<img',
    4,
    /<img\s[^>]{0,80}src\s{0,2}=\s{0,2}["']?https?:\/\/[^\s"'>]{3,200}[?&][\w-]{1,24}=(?:\{|\[|%7b|\$)[^>\n]{0,80}/iy,
  ],
];

// prettier-ignore

type Anchored = { readonly anchor: string; readonly marker: Marker };
const ANCHORED: readonly Anchored[] = MARKERS.flatMap((marker) =>
  marker[1].split(' ').map((anchor) => ({
    anchor: anchor
      .replaceAll('end_of', 'end of')
      .replaceAll('begin_of', 'begin of')
      .replace('end of_turn', 'end_of_turn'),
    marker,
  })),
);
export const MARKER_ANCHORS: readonly string[] = ANCHORED.map(({ anchor }) => anchor);

/** Words that a line of another role begins with. */
export const ROLE_ANCHORS = ['system', 'assistant', 'developer', 'instruction', 'human:'] as const;

const OPENING = /(?:^|[\r\n])[ \t]{0,4}(?:#{1,4} {0,2}|\*{2}|\[|<)?$/;
const HEADER =
  /(?:system|assistant|developer|instructions?)(?:\*{2}|\]|>)?(?: {0,2}(?:prompt|message|instructions?|override|notice|note))?(?:\*{2}|\]|>)? {0,2}[:>\]]\s{0,2}(?=(.{0,80}))/iy;
const ORDERS =
  /^(?:you (?:are|must|will|should|have|obey)|ignore|disregard|new (?:instructions|task|policy)|from now on|override|your new|the assistant must|print|say|respond|give|recommend|approve|rate|tell|write|answer|reply|comply|always|never|(?:the )?(?:user|customer|caller|sender) (?:is|has|may|must)|all (?:requests|filters|limits|rules|restrictions))/i;
// In the middle of a line only with the next turn behind it.
const NEXT_TURN = /(?:system|assistant|developer): [^\n]{1,160}\n{1,2} {0,2}(?:user|human|assistant|ai|system):/iy;
const TURNS = /human: [^\n]{1,200}\n{1,2}(?:assistant|ai):/iy;

/** The marker around the anchor that ends at `end`: its type and place, or null. */
export function markerAt(
  text: string,
  index: number,
  end: number,
): { type: FindingTypeName; start: number; end: number } | null {
  const { anchor, marker } = ANCHORED[index]!;
  const [type, , back, pattern] = marker;
  for (let start = end - anchor.length; start >= Math.max(0, end - Math.max(back, anchor.length) - 3); start -= 1) {
    pattern.lastIndex = start;
    const found = pattern.exec(text);
    if (found !== null) return { type, start, end: start + found[0].length };
  }
  return null;
}

/** The header of another role whose word ends at `end`, where orders follow it. */
export function headerAt(text: string, index: number, end: number): { start: number; end: number } | null {
  const start = end - ROLE_ANCHORS[index]!.length;
  if (!OPENING.test(text.slice(Math.max(0, start - 12), start)) && start > 0) return turnAt(text, start);
  if (index === ROLE_ANCHORS.length - 1) {
    TURNS.lastIndex = start;
    return TURNS.test(text) ? { start, end: TURNS.lastIndex } : null;
  }
  HEADER.lastIndex = start;
  const found = HEADER.exec(text);
  return found !== null && ORDERS.test(found[1]!) ? { start, end: start + found[0].length } : null;
}

function turnAt(text: string, start: number): { start: number; end: number } | null {
  NEXT_TURN.lastIndex = start;
  return !/\w/.test(text[start - 1]!) && NEXT_TURN.test(text) ? { start, end: NEXT_TURN.lastIndex } : null;
}
