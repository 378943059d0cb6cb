import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Loaded with the first configuration: together they take longer to load than everything else the command line needs. */
export const yaml = (): typeof import('yaml') => require('yaml');

/** As `yaml`. */
export const ajv = (): typeof import('ajv/dist/2020.js') => require('ajv/dist/2020.js');
