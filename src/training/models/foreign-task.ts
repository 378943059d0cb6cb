import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { isObject } from '../../core/shapes.ts';
import { classificationClass, type EncoderConfig } from '../../engine/models/index.ts';
import { openTask, type Task } from '../../tasks/index.ts';

type Config = Readonly<Record<string, unknown>>;

/**
 * The task of a model that was made elsewhere, from the keys of its config.json that Transformers goes by: `problem_type`, or, where that
 * is missing, a regression for one label and a classification for several. Throws a `data` error for a model of another class.
 */
export function foreignTask(config: Config, folder: string, encoder: EncoderConfig): Task {
  const path = join(folder, 'config.json');
  const wanted = classificationClass(encoder);
  const architectures: unknown = config['architectures'];
  const named = Array.isArray(architectures) ? architectures.map(String) : [];
  if (named.length > 0 && !named.includes(wanted))
    throw new OrtrainError('data', `${folder} holds no classifier of texts: ${path} names the class ${named.join(', ')}`, {
      subject: path,
      remedy: `Models of the class ${wanted} can be opened. To make one of this model, train it: set model.base to the folder.`,
    });
  const labels = labelsOf(config, path);
  const kind = config['problem_type'] ?? (labels.length === 1 ? 'regression' : 'single_label_classification');
  switch (kind) {
    case 'regression':
      return openTask({ task: 'regression', columns: labels, mean: labels.map(() => 0), sd: labels.map(() => 1) });
    case 'multi_label_classification':
      return openTask({ task: 'multi-label', labels });
    case 'single_label_classification':
      if (labels.length > 1) return openTask({ task: 'classification', classes: labels });
      throw unusable(path, 'problem_type is single_label_classification, and there is one label');
    default:
      throw unusable(path, `problem_type is ${JSON.stringify(kind)}, which Transformers does not have`);
  }
}

/** Names of the outputs, in their order: those of `id2label`, else `LABEL_0` and so on, two where nothing says how many. */
function labelsOf({ id2label, num_labels: count }: Config, path: string): readonly string[] {
  if (id2label === undefined || id2label === null)
    return Array.from({ length: Number.isSafeInteger(count) ? Number(count) : 2 }, (_, i) => `LABEL_${i}`);
  if (!isObject(id2label)) throw unusable(path, 'id2label is not an object');
  const names = Object.keys(id2label).map((_, i) => id2label[String(i)]);
  if (!names.every((name) => typeof name === 'string')) throw unusable(path, 'id2label does not name a label for each number from 0 on');
  if (new Set(names).size < names.length) throw unusable(path, 'id2label has a name twice');
  return names;
}

function unusable(path: string, why: string): OrtrainError {
  return new OrtrainError('data', `${path} does not describe a classifier: ${why}`, {
    subject: path,
    remedy: 'Correct it, or write the model again with save_pretrained().',
  });
}
