import { experimentSchema } from '../../config/index.ts';
import type { Verb } from '../call.ts';

/** Prints the JSON Schema of the configuration. */
export const schema: Verb<object> = async () => {
  const data = experimentSchema();
  return { data, text: JSON.stringify(data, null, 2) };
};
