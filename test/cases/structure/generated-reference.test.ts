/** docs/reference says what the code says, today. `npm run docs` writes it anew. */
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, test } from 'vitest';
import { strayHints } from '../../reference/render-asyncapi.ts';
import { REFERENCE_FOLDER, renderReference } from '../../reference/render-reference.ts';
import { listFiles, readText } from './project-files.ts';

const rendered = renderReference();

describe('generated pages', () => {
  test.each(Object.entries(rendered))('%s is up to date', (name, text) => {
    expect(readText(`${REFERENCE_FOLDER}/${name}`)).toBe(text);
  });

  test('are all there is in their folder', () => {
    const names = Object.keys(rendered).map((name) => `${REFERENCE_FOLDER}/${name}`);
    expect(listFiles(REFERENCE_FOLDER, /./)).toEqual(names.sort());
  });

  test('describe the bus by AsyncAPI 3 that lints clean, with hints between the services that send and hear them', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: rendered['asyncapi.json']!, config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)).toEqual(
      [],
    );
    expect(strayHints()).toEqual([]);
    const { asyncapi, channels, operations } = JSON.parse(rendered['asyncapi.json']!);
    expect(asyncapi).toBe('3.0.0');
    const heard = Object.values(operations as Record<string, { channel: { $ref: string } }>).map(
      ({ channel }) => channel.$ref,
    );
    // What is only named says nothing of its own: inboxes, and the one for answers.
    const named = ['#/channels/inbox', '#/channels/answers'];
    expect(
      Object.keys(channels)
        .map((name) => `#/channels/${name}`)
        .filter((ref) => !heard.includes(ref)),
    ).toEqual(named);
    expect(JSON.stringify(channels)).not.toMatch(/"address":"[^"]*[<>]|"parameters":\{"\w+":\{\}/);
    expect(channels.submit.messages.submit.payload.properties.request.required).toEqual(['topic']);
  });

  test('say of every limit, setting, metric and code what it is', () => {
    const unsaid = Object.entries(rendered).flatMap(([name, text]) =>
      text
        .split('\n')
        .filter((line) => line.endsWith('|  |'))
        .map((line) => `${name}: ${line}`),
    );
    expect(unsaid).toEqual([]);
  });
});
