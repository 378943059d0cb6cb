import { apiPage } from './api/page.ts';
import { cliPage } from './cli.ts';
import { configurationPage } from './configuration.ts';

/** The pages of docs/ that follow from the sources, by file. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'api.md': apiPage,
  'cli.md': cliPage,
  'configuration.md': configurationPage,
};
