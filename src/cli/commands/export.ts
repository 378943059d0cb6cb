import { OrtrainError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { choice, choiceOr, flag, numberOr, required, text, wholeNumber } from '../options.ts';

/** Writes what a run predicts with, or some of its models, for other tools. */
export const exportModel = defineCommand({
  name: 'export',
  summary: 'write what a run predicts with for other tools: ONNX with its tokenizer, or a Hugging Face model directory',
  description:
    'Without --what, --fold and --seed it is what predict uses: the mean of the models of all folds as one ONNX file, or the model of ' +
    'all rows, as prediction.models says. A Hugging Face directory holds one model: of several folds that of the best.',
  arguments: {},
  options: {
    run: required('run', 'name or folder of the run', { completion: 'run' }),
    to: required('dir', 'the folder to write, which must not exist yet', { completion: 'folder' }),
    what: choice('what', ['ensemble', 'all', 'fold'], 'the mean of models as one, the model of all rows, or that of one fold', {
      otherwise: 'what the run predicts with',
    }),
    format: choiceOr('format', ['onnx', 'huggingface'], 'onnx', 'what to write'),
    fold: numberOr('n', 'all', 'number of the fold, or all: the model of all rows', {
      otherwise: 'with --what fold the best by the monitored metric',
    }),
    seed: wholeNumber('n', 'seed of the model, where the run has several', {
      otherwise: 'of one fold the best by the monitored metric',
    }),
    dtype: choiceOr('dtype', ['float32', 'float16'], 'float32', 'float16: also write a float16 model beside the float32 one'),
    quantize: choice('kind', ['int8'], 'int8: also write a dynamically quantized model beside the float32 one'),
    push: text('owner/name', 'also commit the export to this model repository of the Hugging Face hub, with the token in HF_TOKEN'),
    public: flag('make a repository that is not there yet public; without it, it is private'),
  },
  examples: [
    { line: 'pipeline export --run quickstart --to model', purpose: 'Write what the run predicts with, as transformers.js loads it.' },
    { line: 'pipeline export --run tweets --to small --quantize int8', purpose: 'Add a quantized model, with what it costs in accuracy.' },
    { line: 'pipeline export --run tweets --to model --push me/tweets', purpose: 'Commit it to a private repository on the hub.' },
  ],
  async run({ run: name, to, what, format, fold, seed, dtype, quantize, push, public: isPublic }, context) {
    const { artifacts, terminal } = context;
    const alsoIn = [...(dtype === 'float16' ? (['float16'] as const) : []), ...(quantize === undefined ? [] : [quantize])];
    if (format === 'huggingface' && alsoIn.length > 0) {
      throw new OrtrainError('usage', '--dtype and --quantize are for --format onnx', {
        remedy: 'Leave them out: a Hugging Face model directory holds float32.',
      });
    }
    if (isPublic && push === undefined)
      throw new OrtrainError('usage', '--public is for --push', { subject: '--public', remedy: 'Name a repository with --push.' });
    const { tablesOf } = await import('../../config/index.ts');
    const { exportRun } = await import('../../runner/exports/index.ts');
    const { readRun } = await import('../../runner/stored/index.ts');
    const { stageProgress, stopSignal } = await import('../progress/stage-progress.ts');
    const { exportText, pushedText } = await import('../render/exported.ts');
    const run = readRun(artifacts, name);
    const { variables } = await import('../../core/variables.ts');
    const hub = push === undefined ? undefined : await import('../../data/hub/index.ts');
    const target = push === undefined ? undefined : hub?.hubTarget(push, hub.hubSettings(variables()));
    const signal = stopSignal(context);
    const request = {
      to,
      format,
      alsoIn,
      signal,
      ...(what === undefined ? {} : { what }),
      ...(fold === undefined ? {} : { fold }),
      ...(seed === undefined ? {} : { seed }),
    };
    const readsPairs = typeof tablesOf(run.experiment.data).train.text !== 'string';
    const exported = await exportRun(run, request, stageProgress(terminal.log));
    const { folder, task, files, ...model } = exported;
    const title = `Export ${model.models.join(', ')} of ${run.name}`;
    const pushed = target === undefined ? undefined : await hub?.uploadFolder(folder, target, { isPublic, title, signal });
    const described = { name: run.name, readsPairs, givesNumbers: run.experiment.task.name === 'regression' };
    const shown = exportText(exported, format, described, terminal.colors);
    return {
      data: { run: run.name, format, folder, ...model, ...task, files, ...(pushed === undefined ? {} : { pushed }) },
      text: pushed === undefined ? shown : `${shown}\n\n${pushedText(pushed, isPublic)}`,
    };
  },
});
