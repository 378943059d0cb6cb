import { join } from 'node:path';
import { required } from '../core/values.ts';
import type { Experiment } from '../config/index.ts';
import type { Feeds } from '../engine/program.ts';
import { batchTokens, evaluationBatches } from '../data/tokens/index.ts';
import { featureWidth, hiddenForward, lowerWidth, type Pooling } from '../engine/models/index.ts';
import { openForward, type ForwardModel } from '../engine/runtime/index.ts';
import {
  createStates,
  encoderFiles,
  encodingPrograms,
  forwardAll,
  forwardEach,
  initialWeights,
  saveFeatures,
  saveShared,
  sharedTensors,
  tokenSource,
  trainedPart,
  type BatchSource,
  type StartingModel,
  type StateShape,
  type Store,
} from '../training/index.ts';
import { ENCODER_FILE, featureFile, stateFile } from './outputs.ts';
import type { Stage, StageContext } from './stage.ts';

interface Params {
  /** The pooling is absent where it is `default`, so that what was encoded before there was a choice is still found. */
  readonly model: StartingModel & {
    readonly pooling?: Pooling;
    /** Absent where one vector a text is kept; 0 layers where the whole encoder is frozen. */
    readonly freeze?: { readonly layers: number; readonly store: Store };
  };
  readonly seed: number;
}

const needs = { tokens: 'one' } as const;

type Needs = typeof needs;
type Files = Readonly<Record<string, string>>;
type Part = 'train' | 'test';

/**
 * What is frozen, for every row, once for all folds, epochs and heads: of a frozen encoder what is pooled of it, of frozen layers their
 * output for every token. Dropout is off, because what differs from epoch to epoch could not be kept. Beside it lie the frozen tensors, as
 * the folds' models will share them. Output: features.
 */
export const encode: Stage<Params, Files, Needs> = {
  name: 'encode',
  version: 3,
  needs,
  reads: 'everything',
  makes: 'features',
  writes: ({ model, data }) => {
    const file = keepsStates(model) ? stateFile : featureFile;
    return [ENCODER_FILE, file('train'), ...(data.test === null ? [] : [file('test')])];
  },
  publishes: {},
  usesDevice: true,
  pick: ({ model, seed }, { modelFolder }) => ({
    params: {
      model: {
        weights: model.weights,
        resize_embeddings: model.resize_embeddings,
        ...(model.pooling === 'default' || (keepsStates(model) && !READS_LOWER.includes(model.pooling)) ? {} : { pooling: model.pooling }),
        ...(keepsStates(model) ? { freeze: { layers: model.freeze.layers, store: model.freeze.store } } : {}),
      },
      seed: model.weights === 'random' ? seed : 0,
    },
    files: encoderFiles(modelFolder, model),
  }),
  async run(context) {
    const { params, files, inputs, output, device, threads, emit } = context;
    const { pooling = 'default', freeze } = params.model;
    const weights = initialWeights(files, params.model, params.seed);
    const { config } = weights;
    const part = trainedPart(
      {
        model: {
          pooling: freeze?.layers === 0 ? 'attention' : pooling,
          freeze_encoder: freeze === undefined || freeze.layers === 0,
          freeze: { embeddings: null, layers: freeze?.layers ?? 0 },
        },
        training: { layer_decay: 1 }, // changes nothing of what is frozen
      },
      config,
      true,
    );
    if (part.fed === 'tokens') throw new Error('the stage encode was started for a model without frozen layers');
    const programs = encodingPrograms({ encoder: config, pooling }, part);
    // Asked for all layers, so that those above the frozen ones are not taken for tensors that the model has no place for.
    const asked = part.fed === 'features' ? programs[0] : hiddenForward(config, config.layers);
    const { source, notices } = weights.source(asked.parameters, params.seed);
    for (const message of notices) emit({ type: 'notice', level: 'warning', message });
    const [train, test] = [inputs.tokens.train(), inputs.tokens.test()];
    const tables = [{ table: 'train', tokens: train } as const, ...(test === null ? [] : [{ table: 'test', tokens: test } as const])];
    const total = tables.reduce((rows, { tokens }) => rows + tokens.offsets.length - 1, 0);
    saveShared(join(output, ENCODER_FILE), sharedTensors(config, part), source);
    const models: ForwardModel[] = [];
    try {
      for (const program of programs) models.push(await openForward({ device, program, threads, source }));
      const progress = { rows: 0, positions: 0 };
      for (const { table, tokens } of tables) {
        const text = { table, source: tokenSource(tokens, config), progress, total };
        if (part.fed === 'features') {
          const width = required(featureWidth(config, pooling), 'width of the features');
          await keepFeatures(context, models, text, width);
        } else {
          const shape = { state: part.state, width: config.hiddenSize, lower: lowerWidth(config, pooling, part.state) };
          await keepStates(context, models, text, { ...shape, store: freeze?.store ?? 'float16' });
        }
        const { lengths } = text.source;
        progress.rows += lengths.length;
        progress.positions += batchTokens(lengths, evaluationBatches(lengths, context.evalBatchSize)).positions;
      }
    } finally {
      for (const model of models) await model.release();
    }
  },
};

/** Poolings that read hidden states below the last one, which may be among the frozen ones. */
const READS_LOWER: readonly Pooling[] = ['last4', 'weighted'];

/** Whether every token is kept of a text, and not one vector. */
function keepsStates({ pooling, freeze_encoder, freeze }: Experiment['model']): boolean {
  return freeze_encoder ? pooling === 'attention' : freeze.layers > 0;
}

interface Texts {
  readonly table: Part;
  readonly source: BatchSource;
  /** What was done of the tables before. */
  readonly progress: { readonly rows: number; readonly positions: number };
  readonly total: number;
}

type Context = StageContext<Params, Files, Needs>;

async function keepFeatures(context: Context, [model]: readonly ForwardModel[], texts: Texts, width: number): Promise<void> {
  const { source, table } = texts;
  const forward = (feeds: Feeds): Promise<Float32Array> => model!.forward(feeds);
  const values = await forwardAll(forward, source, rowsOf(texts), width, context.evalBatchSize, telling(context, texts));
  saveFeatures(join(context.output, featureFile(table)), { width, values });
}

async function keepStates(
  context: Context,
  [model, lowerModel]: readonly ForwardModel[],
  texts: Texts,
  shape: StateShape,
): Promise<void> {
  const { source, table } = texts;
  const { width, lower } = shape;
  const states = createStates(join(context.output, stateFile(table)), source.lengths, shape);
  try {
    const told = telling(context, texts);
    let ofLower: Float32Array = new Float32Array(0);
    const forward = async (feeds: Feeds): Promise<Float32Array> => {
      ofLower = lowerModel === undefined ? ofLower : await lowerModel.forward(feeds);
      return model!.forward(feeds);
    };
    await forwardEach(forward, source, rowsOf(texts), context.evalBatchSize, told, (rows, hidden, S) =>
      rows.forEach((row, b) => {
        const start = b * S * width;
        const own = ofLower.subarray(b * lower, (b + 1) * lower);
        states.write(row, hidden.subarray(start, start + source.lengths[row]! * width), own);
      }),
    );
  } finally {
    states.close();
  }
}

function rowsOf({ source }: Texts): Int32Array {
  return Int32Array.from(source.lengths.keys());
}

function telling({ emit, throwIfStopped }: Context, { progress, total }: Texts): (rows: number, positions: number) => void {
  return (rows, positions) => {
    throwIfStopped();
    emit({ type: 'progress', done: progress.rows + rows, total, unit: 'texts', positions: progress.positions + positions });
  };
}
