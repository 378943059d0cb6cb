import { fileSchemas } from '../../config/index.ts';
import type { Verb } from '../call.ts';

export interface SchemaFlags {
  readonly of: keyof typeof fileSchemas;
}

/** Prints the JSON Schema of a file that a person writes. */
export const schema: Verb<SchemaFlags> = async (_operands, { of }) => {
  const data = fileSchemas[of];
  return { data, text: JSON.stringify(data, null, 2), verbatim: true };
};
