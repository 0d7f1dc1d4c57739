/**
 * `npm run chart`: writes the chart's templates and what its values may be. Templates use nothing of Helm but values, JSON of values and one condition around
 * each file, so that whoever has no helm can fill them in all the same and see what it would make (`fillIn`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { PROJECT_DIR } from '../project-folders.ts';
import { chartResources, valuesOf } from './chart-resources.ts';
import { valuesSchema } from './values-schema.ts';

export const CHART_DIR = join(PROJECT_DIR, 'infra/helm/countersign');

/** Template by file name. */
export function renderTemplates(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(chartResources()).map(([part, resources]) => {
      const documents = resources.map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false }));
      const text = documents.join('---\n').replaceAll(/"?RAW (\{\{ toJson [\w.]+ \}\})"?/g, '$1');
      return [
        `${part}.yaml`,
        `{{- if .Values.${valuesOf(part)}.enabled }}\n# Written by \`npm run chart\`.\n${text}{{- end }}\n`,
      ];
    }),
  );
}

/** What helm makes of such a template; throws Error for anything that it does not know. Empty where it is not enabled. */
export function fillIn(template: string, values: Readonly<Record<string, unknown>>, release: string): string {
  const at = (path: string): unknown => {
    const found = path
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);
    if (found === undefined) throw new Error(`values.yaml has no ${path}`);
    return found;
  };
  const [, enabled, body] = /^\{\{- if \.Values\.([\w.]+) \}\}\n([\s\S]*)\{\{- end \}\}\n$/.exec(template) ?? [];
  if (enabled === undefined) throw new Error('a template stands behind one condition');
  if (at(enabled) !== true) return '';
  return body!.replaceAll(/\{\{-? (.*?) -?\}\}/g, (_, action: string) => {
    if (action === '.Release.Name') return release;
    const json = /^toJson \.Values\.([\w.]+)$/.exec(action)?.[1];
    if (json !== undefined) return JSON.stringify(at(json));
    const text = /^\.Values\.([\w.]+)$/.exec(action)?.[1];
    if (text === undefined) throw new Error(`helm alone knows {{ ${action} }}`);
    return String(at(text));
  });
}

/** Text of values.schema.json. */
export function renderValuesSchema(): string {
  const defaults = parse(readFileSync(join(CHART_DIR, 'values.yaml'), 'utf8'));
  return `${JSON.stringify(valuesSchema(defaults), null, 2)}\n`;
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(renderTemplates())) writeFileSync(join(CHART_DIR, 'templates', name), text);
  writeFileSync(join(CHART_DIR, 'values.schema.json'), renderValuesSchema());
}
