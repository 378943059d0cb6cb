import type { TaskName } from '../tasks/index.ts';
import type { AnyClassifier, Classifier, OpenClassifierOptions } from '../runner/classifier/index.ts';
import { checkOptions, checkText } from './arguments.ts';
import { artifactsOf, modelIn, within, type Surroundings } from './surroundings.ts';

export interface ClassifierOptions<T extends TaskName = TaskName> extends Omit<OpenClassifierOptions<T>, 'artifacts'>, Surroundings {}

/**
 * Opens the models of a run, or a single model, to classify texts with them, in a process of its own.
 *
 * @param model the name of a run or its folder; the folder of one of its models; an exported or any other directory with a classifier in
 * Hugging Face's layout; an ONNX file in one; or the name of a model on the hub
 *
 * Throws OrtrainError `usage` where there is nothing of that name, `data` where a file is damaged, was changed after the run, or does not
 * describe a classifier, `environment` where the device does not work or the hub cannot be reached, `interrupted` after `signal`.
 *
 * @example
 * await using classifier = await openClassifier('messages', { task: 'classification' });
 * const [first] = await classifier.classify(['water in the cellar']);
 * console.log(first?.prediction, first?.probabilities);
 */
export async function openClassifier<T extends TaskName>(
  model: string,
  options: ClassifierOptions<T> & { readonly task: T },
): Promise<Classifier<T>>;
export async function openClassifier(model: string, options?: ClassifierOptions): Promise<AnyClassifier>;
export async function openClassifier(model: string, options: ClassifierOptions = {}): Promise<AnyClassifier> {
  checkText('model', model);
  checkOptions(options);
  const { env: _, ...own } = options;
  return within(options, async () => {
    const { openClassifier: open } = await import('../runner/classifier/index.ts');
    return open(modelIn(options, model), { ...own, artifacts: artifactsOf(options) });
  });
}
