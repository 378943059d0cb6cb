import type { Conflict } from './conflict.ts';
import { encodingOf, USUAL_ENCODINGS } from '../core/encodings.ts';
import type { Problem } from '../core/errors.ts';
import { credentialIn } from '../core/secrets.ts';
import type { Experiment } from './experiment.ts';
import { betterOf } from './metric-names.ts';
import { dotted, type Path } from './schema/schema.ts';
import { likelyWord } from './schema/suggest.ts';
import { splitConflicts } from './split-rules.ts';
import { tablesOf, targetColumns } from './tables.ts';
import { taskConflicts } from './task-rules.ts';
import { textConflicts, useOf } from './text-rules.ts';
import { watchersOf } from './watchers.ts';
import { problemAt, valuePlace, type MapTree, type Tree } from './yaml/tree.ts';

/** What is wrong with a complete experiment although each of its values is right by itself. */
export function conflicts(experiment: Experiment, tree: MapTree): readonly Problem[] {
  return [
    ...taskConflicts(experiment),
    ...dataConflicts(experiment),
    ...textConflicts(experiment),
    ...splitConflicts(experiment),
    ...freezingConflicts(experiment),
    ...monitorConflicts(experiment),
    ...batchConflicts(experiment),
    ...seedConflicts(experiment),
    ...predictionConflicts(experiment),
    ...rateConflicts(experiment),
    ...credentialConflicts(tree),
  ].map(({ path, message, suggestion }) => problemAt(valuePlace(tree, path), path, message, suggestion));
}

function dataConflicts({ data }: Experiment): readonly Conflict[] {
  const found: Conflict[] = [];
  if (data.sample_submission !== null && data.test === null) {
    found.push({ path: ['data', 'sample_submission'], message: 'data.sample_submission needs rows to predict, but data.test is null' });
  }
  return [...found, ...sameColumns(data), ...weightConflicts(data), ...readingConflicts(data)];
}

function sameColumns(data: Experiment['data']): readonly Conflict[] {
  const { train, validation, test } = tablesOf(data);
  const isTested = test?.isTargetNamed === true;
  const sources = { train, validation, test };
  const keyOf = (table: keyof typeof sources, name: 'id' | 'text' | 'target'): readonly string[] => {
    const own = data[table];
    return own !== null && typeof own === 'object' && name in own ? ['data', table, name] : ['data', name];
  };
  const found = (['train', 'validation', 'test'] as const).flatMap((table): readonly Conflict[] => {
    const source = sources[table];
    const pairs = [['target', 'text'], ['id', 'text'], ['id', 'target']] as const;
    return pairs.flatMap(([one, other]): readonly Conflict[] => {
      const [ours = [], theirs = []] = [one, other].map((name) =>
        source === null || (name === 'target' && table === 'test' && !isTested) ? undefined : columnsIn((source as typeof train)[name]),
      );
      const [path, beside] = [keyOf(table, one), keyOf(table, other)];
      const isList = ours.length > 1 || theirs.length > 1;
      const conflict = ours.flatMap((a) => theirs.flatMap((b): readonly Conflict[] => {
        const use = other === 'text' ? useOf(a, b) : a === b ? 'whole' : 'none';
        if (use === 'part' && one === 'target') {
          const message = `${beside.join('.')} gives the answer away: the column ${JSON.stringify(a)} in it is ${path.join('.')}`;
          return [{ path: beside, message }];
        }
        const message = isList ? 'both name the column' : 'are the same column,';
        return use === 'whole' ? [{ path, message: `${path.join('.')} and ${beside.join('.')} ${message} ${JSON.stringify(a)}` }] : [];
      }));
      return conflict.slice(0, 1);
    });
  });
  return found.filter(({ message }, i) => found.findIndex((earlier) => earlier.message === message) === i);
}

/** What a row counts is neither what is read of it nor what is learned. */
function weightConflicts(data: Experiment['data']): readonly Conflict[] {
  const { weight } = data;
  const { id, text, target } = tablesOf(data).train;
  const same = { 'data.id': id === weight, 'data.target': targetColumns(target).includes(weight ?? '') };
  const isText = targetColumns(text).some((segment) => weight !== null && useOf(weight, segment) === 'whole');
  return Object.entries({ ...same, 'data.text': isText }).flatMap(([key, isSame]): readonly Conflict[] => {
    if (weight === null || !isSame) return [];
    return [{ path: ['data', 'weight'], message: `data.weight and ${key} both name the column ${JSON.stringify(weight)}` }];
  });
}

/** No column where a key is null. */
function columnsIn(named: string | readonly string[] | null): readonly string[] {
  return named === null ? [] : targetColumns(named);
}

/** Encodings that nobody knows, and columns that are named twice. */
function readingConflicts(data: Experiment['data']): readonly Conflict[] {
  const places = [
    { path: ['data'], table: data },
    ...(['train', 'validation', 'test', 'sample_submission'] as const).map((key) => ({ path: ['data', key], table: data[key] })),
  ];
  return places.flatMap(({ path, table }): readonly Conflict[] => {
    if (table === null || typeof table === 'string') return [];
    const { encoding, columns = null } = table;
    const known = encoding === undefined || encodingOf(encoding) !== undefined;
    const near = known ? undefined : likelyWord(encoding, USUAL_ENCODINGS);
    const twice = (Array.isArray(columns) ? (columns as readonly string[]) : []).flatMap((name, i, all): readonly Conflict[] =>
      all.indexOf(name) < i
        ? [{ path: [...path, 'columns', i], message: `the column ${JSON.stringify(name)} is listed twice in ${path.join('.')}.columns` }]
        : [],
    );
    const unknown = {
      path: [...path, 'encoding'],
      message: `there is no encoding ${JSON.stringify(encoding)}; common ones are ${USUAL_ENCODINGS.join(', ')}`,
      ...(near === undefined ? {} : { suggestion: near }),
    };
    return [...(known ? [] : [unknown]), ...twice];
  });
}

function monitorConflicts({ training }: Experiment): readonly Conflict[] {
  return watchersOf(training).flatMap(({ key, monitor, mode }) => {
    const better = betterOf(monitor) === 'low' ? 'min' : 'max';
    if (mode === better) return [];
    const message =
      `training.${key} watches ${monitor}, of which ${better === 'min' ? 'smaller' : 'larger'} values are ` +
      `better, but its mode is ${mode}`;
    return [{ path: ['training', key, 'mode'], message, suggestion: `mode: ${better}` }];
  });
}

function freezingConflicts({ model, training }: Experiment): readonly Conflict[] {
  if (model.freeze_encoder && training.layer_decay !== 1) {
    const message = 'training.layer_decay needs layers that are trained, but model.freeze_encoder is true';
    return [{ path: ['training', 'layer_decay'], message, suggestion: 'layer_decay: 1' }];
  }
  const { embeddings, layers } = model.freeze;
  if (model.freeze_encoder && layers > 0) {
    const message = 'model.freeze.layers freezes a part of the encoder, but model.freeze_encoder is true';
    return [{ path: ['model', 'freeze', 'layers'], message, suggestion: 'layers: 0' }];
  }
  if (layers > 0 && embeddings === false) {
    const message = `model.freeze.embeddings is false, but model.freeze.layers is ${layers}: frozen layers need frozen embeddings`;
    return [{ path: ['model', 'freeze', 'embeddings'], message, suggestion: 'embeddings: null' }];
  }
  return [];
}

function batchConflicts({ training: { batch_size: batch, micro_batch: micro } }: Experiment): readonly Conflict[] {
  if (micro === null || micro <= batch) return [];
  const message = `training.micro_batch must be at most training.batch_size, which is ${batch}`;
  return [{ path: ['training', 'micro_batch'], message, suggestion: 'micro_batch: null' }];
}

function seedConflicts({ model, training: { seeds } }: Experiment): readonly Conflict[] {
  if (seeds === null) return [];
  const twice = seeds.flatMap((seed, i): readonly Conflict[] =>
    seeds.indexOf(seed) < i ? [{ path: ['training', 'seeds', i], message: `the seed ${seed} is listed twice in training.seeds` }] : [],
  );
  const isFrozen = model.freeze_encoder || model.freeze.layers > 0;
  if (model.weights !== 'random' || !isFrozen) return twice;
  const message = 'training.seeds needs frozen layers that all seeds share, but with model.weights: random each seed has its own';
  return [...twice, { path: ['training', 'seeds'], message, suggestion: 'seeds: null' }];
}

function predictionConflicts({ prediction: { models }, training }: Experiment): readonly Conflict[] {
  if (models === 'folds' || training.refit) return [];
  const message = `prediction.models: ${models} needs a model that is trained on all rows, but training.refit is false`;
  return [{ path: ['prediction', 'models'], message, suggestion: 'models: folds' }];
}

function rateConflicts({ training }: Experiment): readonly Conflict[] {
  const { optimizer, schedule, early_stopping, lr_resets } = training;
  const found: Conflict[] = [];
  if (optimizer.name === 'sgd' && optimizer.nesterov && optimizer.momentum === 0) {
    found.push({
      path: ['training', 'optimizer', 'nesterov'],
      message: 'Nesterov momentum needs a training.optimizer.momentum greater than 0',
    });
  }
  if (schedule.name === 'reduce-on-plateau' && schedule.min_lr >= optimizer.lr) {
    found.push({
      path: ['training', 'schedule', 'min_lr'],
      message: `the rate starts at ${optimizer.lr}, so with a min_lr of ${schedule.min_lr} it is never reduced`,
    });
  }
  if (lr_resets === null) return found;
  const resets = (message: string): void => void found.push({ path: ['training', 'lr_resets'], message, suggestion: 'lr_resets: null' });
  if (early_stopping === null) resets('lr_resets act when patience has run out, but training.early_stopping is null');
  if (schedule.name === 'constant') {
    if (optimizer.lr >= lr_resets.below)
      resets(`lr_resets wait for a rate below ${lr_resets.below}, but the schedule is constant at ${optimizer.lr}`);
  } else if (schedule.name !== 'reduce-on-plateau')
    resets(`lr_resets set the rate between epochs, but the schedule ${schedule.name} sets it at every step`);
  else if (schedule.min_lr >= lr_resets.below)
    resets(`lr_resets wait for a rate below ${lr_resets.below}, but training.schedule.min_lr is ${schedule.min_lr}`);
  return found;
}

/** The experiment is written into files that people pass on; without the secret it would be another one there. */
function credentialConflicts(tree: Tree, path: Path = []): readonly Conflict[] {
  if (tree.kind === 'map') return [...tree.entries].flatMap(([key, { value }]) => credentialConflicts(value, [...path, key]));
  if (tree.kind === 'list') return tree.items.flatMap((item, i) => credentialConflicts(item, [...path, i]));
  const found = typeof tree.value === 'string' ? credentialIn(tree.value) : undefined;
  if (found === undefined) return [];
  return [
    {
      path,
      message:
        `${dotted(path)} contains ${found}, which would be written into config.yaml, the journal and the report; put secrets into ` +
        'environment variables such as HF_TOKEN and MLFLOW_TRACKING_TOKEN',
    },
  ];
}
