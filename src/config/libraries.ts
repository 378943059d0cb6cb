import type { ValidateFunction } from 'ajv/dist/2020.js';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Loaded with the first configuration: together they take longer to load than everything else the command line needs. */
export const yaml = (): typeof import('yaml') => require('yaml');

/** As `yaml`. */
export const ajv = (): typeof import('ajv/dist/2020.js') => require('ajv/dist/2020.js');

/** Written by the build. */
const VALIDATORS = './validators.cjs';

/** Validators by the digest of their schema, as the build makes them; none beside the sources. */
export function compiledValidators(): Readonly<Record<string, ValidateFunction>> {
  try {
    return require(VALIDATORS) as Readonly<Record<string, ValidateFunction>>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return {};
    throw error;
  }
}
