// `npm run docs`: writes the pages of docs/ that follow from the sources.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatedPages } from './pages.ts';

for (const [name, page] of Object.entries(generatedPages))
  writeFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), page());
