/** `npm run docs`: writes docs/reference anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REFERENCE_FOLDER, renderReference } from './render-reference.ts';

const folder = fileURLToPath(new URL(`../../${REFERENCE_FOLDER}/`, import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(renderReference())) writeFileSync(`${folder}${name}`, text);
