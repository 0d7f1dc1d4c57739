/** `npm run schemas`: writes packages/policy-author/schemas anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderSchemas, SCHEMAS_FOLDER } from './render-schemas.ts';

const folder = fileURLToPath(new URL(`../../${SCHEMAS_FOLDER}/`, import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(renderSchemas())) writeFileSync(`${folder}${name}`, text);
