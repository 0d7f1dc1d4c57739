/** Bodies that no door may let in. */

const topic = 'job.demo.read';
const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
/** What it is, the body, the code, and where; undefined where no place can be named. */
export const BAD_BODIES: [name: string, body: string, code: string, at: string | undefined][] = [
  ['no JSON', '{"topic": nope}', 'json_malformed', '/topic (line 1, column 11)'],
  ['an empty body', '', 'json_malformed', undefined],
  ['something after the value', `{"topic":"${topic}"} x`, 'json_malformed', '(line 1, column 27)'],
  [
    'a duplicate key',
    `{"topic":"${topic}","topic":"job.exec.shell"}`,
    'json_duplicate_key',
    '/topic (line 1, column 26)',
  ],
  [
    'a duplicate key written otherwise',
    `{"topic":"${topic}","t\\u006fpic":"x"}`,
    'json_duplicate_key',
    '/topic (line 1, column 26)',
  ],
  ['depth 10,000', `{"topic":"${topic}","payload":${deep}}`, 'json_too_deep', undefined],
  ['a lone surrogate', `{"topic":"${topic}","prompt":"\\ud800"}`, 'json_lone_surrogate', '/prompt (line 1, column 36)'],
  ['U+0000', `{"topic":"${topic}","prompt":"\\u0000"}`, 'json_nul', '/prompt (line 1, column 36)'],
  [
    'an integer past 2^53-1',
    `{"topic":"${topic}","payload":{"n":9007199254740993}}`,
    'json_unsafe_number',
    '/payload/n (line 1, column 41)',
  ],
  ['an array', '[]', 'field_invalid', ''],
  ['no topic', '{}', 'field_invalid', '/topic'],
  ['topic job.*', '{"topic":"job.*"}', 'field_invalid', '/topic'],
  ['topic job.>', '{"topic":"job.>"}', 'field_invalid', '/topic'],
  ['topic job..x', '{"topic":"job..x"}', 'field_invalid', '/topic'],
  ['topic $JS.API', '{"topic":"$JS.API"}', 'field_invalid', '/topic'],
  ['topic with a line break', '{"topic":"job.a\\n"}', 'field_invalid', '/topic'],
  ['an unknown field', `{"topic":"${topic}","actor":"root"}`, 'field_unknown', '/actor'],
  ['an unknown field within', `{"topic":"${topic}","meta":{"a/b":1}}`, 'field_unknown', '/meta/a~1b'],
  ['__proto__', `{"topic":"${topic}","__proto__":{"tenant":"other"}}`, 'field_unknown', '/__proto__'],
  ['a label called __proto__', `{"topic":"${topic}","labels":{"__proto__":"x"}}`, 'field_invalid', '/labels/__proto__'],
  ['a label that is no string', `{"topic":"${topic}","labels":{"env":1}}`, 'field_invalid', '/labels/env'],
  [
    'a label with a zero width space',
    `{"topic":"${topic}","labels":{"env":"prod\\u200b"}}`,
    'field_invalid',
    '/labels/env',
  ],
  ['a label with a filler', `{"topic":"${topic}","labels":{"env":"prod\u3164"}}`, 'field_invalid', '/labels/env'],
  ['a label with a space behind it', `{"topic":"${topic}","labels":{"env":"prod "}}`, 'field_invalid', '/labels/env'],
  ['a label of two lines', `{"topic":"${topic}","labels":{"env":"prod\\nx"}}`, 'field_invalid', '/labels/env'],
  ['a payload that is a list', `{"topic":"${topic}","payload":[]}`, 'field_invalid', '/payload'],
  ['a priority out of range', `{"topic":"${topic}","priority":10}`, 'field_invalid', '/priority'],
  ["another's tenant", `{"topic":"${topic}","tenant":"other"}`, 'tenant_mismatch', '/tenant'],
  ['a tenant that is no name', `{"topic":"${topic}","tenant":"_"}`, 'field_invalid', '/tenant'],
];
