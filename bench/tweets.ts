import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unlabelledExamples } from '../src/data/examples/examples.ts';
import { readTable } from '../src/data/tables/table.ts';
import { readTrainExamples } from '../src/tasks/examples.ts';

/** The competition's tables and an encoder, which are not part of the repository. */
export interface Tweets {
  readonly train: string;
  readonly test: string;
  readonly sampleSubmission: string;
  readonly model: string;
}

/** Texts are cut to this many tokens in the reference experiment, and padded to it in its notebook. */
export const maxLength = 169;

/** The files in these folders; or, as a sentence, what is missing. */
export function findTweets(data: string, model: string): Tweets | string {
  const tweets = {
    train: join(data, 'train.csv'),
    test: join(data, 'test.csv'),
    sampleSubmission: join(data, 'sample_submission.csv'),
    model,
  };
  const missing = [tweets.train, tweets.test, tweets.sampleSubmission, join(model, 'model.safetensors')].filter(
    (path) => !existsSync(path),
  );
  return missing.length === 0 ? tweets : `There is no ${missing.join(', no ')}: name the folders with --data and --model.`;
}

export async function trainTexts({ train }: Tweets): Promise<{ readonly texts: readonly string[]; readonly labels: Int32Array }> {
  const { texts, targets } = await readTrainExamples(train, {
    id: 'id',
    text: 'text',
    target: 'target',
    conflicts: 'keep',
    duplicates: 'keep',
  });
  return { texts: texts.map(String), labels: Int32Array.from(targets.values) };
}

export async function countTestTexts({ test }: Tweets): Promise<number> {
  return unlabelledExamples(await readTable(test), { id: 'id', text: 'text' }).texts.length;
}
