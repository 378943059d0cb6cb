import { valueAt } from '../../core/values.ts';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { packageFolder } from '../../core/package.ts';

/** The shipped examples by name: files and folders of the package, copied to the same place below the working directory. */
export const EXAMPLES = {
  quickstart: {
    parts: ['configs/quickstart.yaml', 'configs/quickstart', 'configs/sweeps/quickstart-heads.yaml'],
    next: 'pipeline run configs/quickstart.yaml',
  },
  'disaster-tweets': {
    parts: [
      'configs/base/disaster-tweets.yaml',
      'configs/bert-1dense.yaml',
      'configs/bert-1dense-frozen.yaml',
      'configs/bert-3dense.yaml',
      'configs/bert-3dense-frozen.yaml',
      'configs/roberta-1dense.yaml',
      'configs/distilbert-1dense.yaml',
      'configs/deberta-v3-xsmall.yaml',
      'configs/deberta-v3-base.yaml',
      'configs/modernbert-base.yaml',
      'configs/xlm-roberta-base.yaml',
      'configs/sweeps/disaster-tweets.yaml',
    ],
    next: "put the competition's files into data/nlp-getting-started, then: pipeline run configs/bert-1dense.yaml",
  },
} as const;

export interface CopiedExample {
  readonly example: keyof typeof EXAMPLES;
  /** Files and folders, below the working directory. */
  readonly files: readonly string[];
  /** What to do now. */
  readonly next: string;
}

/** Copies a shipped example with the schemas that its files name for editors. Writes over nothing. */
export function copyExample(name: keyof typeof EXAMPLES): CopiedExample {
  const { parts, next } = EXAMPLES[name];
  const taken = parts.filter((part) => existsSync(part));
  if (taken.length > 0) {
    throw new OrtrainError('usage', `${taken.join(', ')} already exists and is not overwritten`, {
      subject: valueAt(taken, 0),
      remedy: 'Run the command in another folder, or remove the old files first.',
    });
  }
  const schemas = ['configs/experiment.schema.json', 'configs/sweep.schema.json'].filter((schema) => !existsSync(schema));
  for (const part of [...parts, ...schemas]) cpSync(join(packageFolder(), part), part, { recursive: true });
  return { example: name, files: parts, next };
}
