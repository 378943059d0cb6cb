import type { ValidateFunction } from 'ajv/dist/2020.js';
import { createHash } from 'node:crypto';
import { ajv, compiledValidators } from '../libraries.ts';
import type { SchemaNode } from './schema.ts';

/** All problems at once; types stand beside other keywords. */
export const validatorOptions = { allErrors: true, allowUnionTypes: true, strictTypes: false, keywords: ['patternErrorMessage'] };

/** By which a compiled validator is found, so that one of another schema never is. */
export function schemaDigest(schema: SchemaNode): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('hex');
}

/** The function that checks a value against a schema, compiled by the build or, in the sources, now. */
export function validator(schema: SchemaNode): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validate = compiledValidators()[schemaDigest(schema)] ?? compile(schema);
  validators.set(schema, validate);
  return validate;
}

const validators = new WeakMap<SchemaNode, ValidateFunction>();

function compile(schema: SchemaNode): ValidateFunction {
  const { Ajv2020 } = ajv();
  return new Ajv2020(validatorOptions).compile(schema);
}
