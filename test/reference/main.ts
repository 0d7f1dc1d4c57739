/** `npm run docs`: writes docs/reference and the schemas of the policy language anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REFERENCE_FOLDER, renderReference } from './render-reference.ts';
import { renderSchemas, SCHEMAS_FOLDER } from './render-schemas.ts';

write(REFERENCE_FOLDER, renderReference());
write(SCHEMAS_FOLDER, renderSchemas());

function write(name: string, files: Readonly<Record<string, string>>): void {
  const folder = fileURLToPath(new URL(`../../${name}/`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(`${folder}${file}`, text);
}
