import { readJsonObject } from '../../core/inputs.ts';
import { isTokenId } from './definition/added-tokens.ts';
import { unusable } from './problems.ts';

/**
 * The tokens of an `added_tokens.json` and their ids. None where there is no such file. Throws a `data` error that names the file for an id
 * that no token can have, and for two tokens with one id, which the model could not tell apart: two of the file, or one of the file and
 * one of the model's own. A token that is the model's own may have the id that it has there.
 *
 * @param known the ids of the model's own tokens
 */
export function readAddedTokens(
  path: string | undefined,
  known: ReadonlyMap<string, unknown>,
): readonly (readonly [content: string, id: number])[] {
  if (path === undefined) return [];
  const owners = new Map([...known].map(([token, id]) => [id, token]));
  return Object.entries(readJsonObject(path)).map(([content, id]) => {
    if (!isTokenId(id)) {
      throw unusable(path, `${JSON.stringify(content)} has the id ${JSON.stringify(id)}, which no token can have`, { remedy });
    }
    const owner = known.get(content) === id ? undefined : owners.get(id);
    if (owner !== undefined) {
      const both = `${JSON.stringify(owner)}${known.get(owner) === id ? ' of the model' : ''} and ${JSON.stringify(content)}`;
      throw unusable(path, `${both} have the same id, ${id}`, { remedy });
    }
    owners.set(id, content);
    return [content, id] as const;
  });
}

const remedy = 'Correct the file, or write it again with save_pretrained of the tokenizer.';
