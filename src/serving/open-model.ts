import { basename } from 'node:path';
import type { Listener } from '../core/events.ts';
import { valueAt } from '../core/values.ts';
import { openClassifier, type AnyClassifier, type ClassifierDescription, type OpenClassifierOptions } from '../runner/classifier/index.ts';
import { predictionSchema } from '../tasks/index.ts';
import { openLane } from './lanes/classifier-lane.ts';
import type { OpenModel, ServedModel } from './served-model.ts';

export interface OpenModelOptions extends OpenClassifierOptions {
  /** Processes that classify side by side, each with the models and with `threads`. */
  readonly lanes: number;
  readonly timeoutMs: number;
  /** Hears what goes wrong with a model that has been opened. */
  readonly onTrouble: Listener<unknown>;
}

/** Opens what `openClassifier` opens, for a server. Throws as that does. */
export async function openModel(name: string, options: OpenModelOptions): Promise<OpenModel> {
  const open = (): Promise<AnyClassifier> => openClassifier(name, options);
  const opened: AnyClassifier[] = [];
  try {
    for (let i = 0; i < options.lanes; i++) opened.push(await open());
    const lanes = await Promise.all(
      opened.map((classifier) =>
        openLane(classifier, { open, stuckAfterMs: STUCK_AFTER * options.timeoutMs, onTrouble: options.onTrouble }),
      ),
    );
    return { model: servedModel(valueAt(opened, 0).describe(), options.lanes), lanes };
  } catch (error) {
    await Promise.all(opened.map((classifier) => classifier.close()));
    throw error;
  }
}

/** By then nobody has waited for a batch for as long as its requests were allowed to. */
const STUCK_AFTER = 2;

export function servedModel(description: ClassifierDescription, lanes: number): ServedModel {
  const { sha256: digest, pairs, maxLength: maxTokens, kind, task, targets, text, device, threads, models, metrics } = description;
  return {
    name: kind === 'folder' ? basename(description.name) : description.name,
    digest,
    pairs,
    maxTokens,
    answer: predictionSchema(task, targets),
    // Where the files stand on this machine is nobody's business.
    facts: {
      kind, task, targets, pairs, text, maxTokens, device, threads, lanes, metrics, models: models.map(({ path: _, ...rest }) => rest),
    },
  };
}
