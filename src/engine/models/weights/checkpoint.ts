import { OrtrainError, type Problem } from '../../../core/errors.ts';
import { plural } from '../../../core/text.ts';
import type { ParameterSpec } from '../../program.ts';
import type { EncoderConfig } from '../config/encoder-config.ts';
import { encoderOf } from '../encoders/index.ts';
import { randomParameters, type ParameterSource } from './parameters.ts';
import { someGroups } from '../formats/name-groups.ts';
import { isFloats, readFloats, type Safetensors } from '../formats/safetensors.ts';
import { encoderNames } from './tensor-names.ts';

/** Pretrained values, and sentences about what did not come from the file. */
export interface Pretrained {
  readonly source: ParameterSource;
  readonly notices: readonly string[];
  /** What else is in the file and is not used: a matter of the file, which need not be repeated for every fold. */
  readonly remarks: readonly string[];
}

export interface PretrainedOptions {
  /** The vocabulary may be larger than the file's: the rows that it lacks start as the mean of those that it has. */
  readonly resizeEmbeddings?: boolean;
}

/** Of the encoder's tensors that a checkpoint lacks. */
const absentSeed = 0;

/**
 * A pretrained encoder's weights for the parameters of a program, under any of the names that `encoderNames` knows. The head starts at
 * random from `seed`; a head of the file's own is not used. A pooler that the file lacks starts at random too, always the same:
 * features that were computed once must fit the encoder of every fold. Throws OrtrainError `data` that says which tensors are missing
 * or have the wrong shape.
 */
export function pretrainedParameters(
  file: Safetensors,
  config: EncoderConfig,
  parameters: readonly ParameterSpec[],
  seed: number,
  options: PretrainedOptions = {},
): Pretrained {
  const { names: naming } = encoderOf(config);
  const encoder = parameters.filter((spec) => spec.name.startsWith(naming.prefix));
  const { inFile: names, unknown, others } = encoderNames(file, naming, encoder.map(({ name }) => name));
  const table = naming.words;
  const isGrown = (spec: ParameterSpec): boolean =>
    options.resizeEmbeddings === true && spec.name === table && rowsAbove(file, names.get(table), spec) > 0;
  const lacking = encoder.filter((spec) => !names.has(spec.name));
  const missing = lacking.filter((spec) => !naming.optional.some((start) => spec.name.startsWith(start)));
  const problems = [
    ...missingTensors(file, missing, encoder.length, config),
    ...unreadableTypes(file, encoder, names),
    ...wrongShapes(file, encoder.filter((spec) => !isGrown(spec)), names),
  ];
  if (problems.length > 0)
    throw unfit(file, problems, 'Take config.json and the weights from the same model, as save_pretrained() writes them.');

  const grown = encoder.find(isGrown);
  const [head, absent] = [randomParameters(seed), randomParameters(absentSeed)];
  return {
    source: (spec, into) => {
      if (!spec.name.startsWith(naming.prefix)) return head(spec, into);
      const name = names.get(spec.name);
      if (name === undefined) return absent(spec, into);
      return isGrown(spec) ? withMeanRows(readFloats(file, name), spec, into) : readFloats(file, name, into);
    },
    remarks: [
      ...(file.notices ?? []),
      ...(others.length === 0 ? [] : [`${file.name} also holds ${someGroups(others)}, which the model does not use`]),
    ],
    notices: [
      ...(lacking.length === 0
        ? []
        : [`${file.name} has no ${someGroups(lacking.map((spec) => spec.name))}; it starts from random weights`]),
      ...(unknown.length === 0 ? [] : [`${file.name} has tensors that the model does not have: ${someGroups(unknown)}`]),
      ...(grown === undefined ? [] : [grownSentence(file.name, rowsAbove(file, names.get(table), grown))]),
    ],
  };
}

/**
 * Reads every tensor of the encoder. Throws OrtrainError `data` that names those which hold something that is not a number; answers with
 * sentences about weights that are zero throughout, which no training leaves behind.
 */
export function inspectPretrained(file: Safetensors, config: EncoderConfig, parameters: readonly ParameterSpec[]): readonly string[] {
  const { names: naming } = encoderOf(config);
  const { inFile } = encoderNames(file, naming, parameters.map(({ name }) => name).filter((name) => name.startsWith(naming.prefix)));
  const problems: Problem[] = [];
  const zero: string[] = [];
  for (const [name, own] of inFile) {
    const values = readFloats(file, own);
    const wrong = countNotFinite(values);
    if (wrong > 0)
      problems.push({ file: file.entries.get(own)?.source.name ?? file.name, message: `${own} holds ${notFinite(values, wrong)}` });
    else if (name.endsWith('.weight') && !name.includes('token_type_embeddings') && values.every((x) => x === 0)) zero.push(own);
  }
  if (problems.length > 0) {
    throw new OrtrainError(
      'data',
      `${file.name} is damaged: ${plural(problems.length, 'tensor')} of it ` +
        `${problems.length === 1 ? 'holds' : 'hold'} values that are not numbers`,
      {
        subject: file.name,
        problems: firstFew(problems, (more) => `${plural(more, 'more tensor')} as well`, file),
        remedy: 'Fetch or save the model again, or take another checkpoint; nothing can be trained from this one.',
      },
    );
  }
  return zero.length === 0
    ? []
    : [
        `${file.name}: ${someGroups(zero)} ${zero.length === 1 ? 'is' : 'are'} zero throughout, which no training leaves ` +
          'behind; the file may be damaged',
      ];
}

/** The weights of a model that was saved whole. Throws OrtrainError `data` unless names and shapes are exactly those of the parameters. */
export function savedParameters(file: Safetensors, parameters: readonly ParameterSpec[]): ParameterSource {
  const names = new Map([...file.entries.keys()].map((name) => [name, name]));
  const known = new Set(parameters.map((spec) => spec.name));
  const unknown = [...names.keys()]
    .filter((name) => !known.has(name))
    .map((name): Problem => ({ file: file.name, message: `${name} has no place in the model` }));
  const problems = [
    ...missingTensors(file, parameters.filter((spec) => !names.has(spec.name)), parameters.length),
    ...unreadableTypes(file, parameters, names),
    ...wrongShapes(file, parameters, names),
    ...firstFew(unknown, (more) => `${plural(more, 'more tensor')} ${more === 1 ? 'has' : 'have'} no place in it either`, file),
  ];
  if (problems.length > 0) throw unfit(file, problems, 'Use the weights and the config.json that were saved together.');
  return (spec, into) => readFloats(file, spec.name, into);
}

function grownSentence(of: string, rows: number): string {
  return (
    `${of}: the tokenizer has ${plural(rows, 'token')} beyond the model's vocabulary, for which model.resize_embeddings adds ` +
    `${rows === 1 ? 'a row' : 'rows'} to the embeddings, the mean of the others to begin with`
  );
}

/** How many rows the file's table has fewer than the parameter; 0 where their widths differ. */
function rowsAbove(file: Safetensors, name: string | undefined, { shape: [rows = 0, width] }: ParameterSpec): number {
  const [own = 0, ownWidth] = file.entries.get(name ?? '')?.shape ?? [];
  return own > 0 && width === ownWidth ? Math.max(0, rows - own) : 0;
}

/** A table with its rows first and their mean in all others: [rows, width]. */
function withMeanRows(
  table: Float32Array,
  { shape: [rows = 0, width = 0] }: ParameterSpec,
  into: Float32Array = new Float32Array(rows * width),
): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < table.length; i++) sums[i % width]! += table[i] as number;
  const mean = Float32Array.from(sums, (sum) => (sum * width) / table.length);
  into.set(table);
  for (let at = table.length; at < into.length; at += width) into.set(mean, at);
  return into;
}

/** One sentence, however many there are: a checkpoint of another model lacks hundreds. */
function missingTensors(file: Safetensors, missing: readonly ParameterSpec[], of: number, config?: EncoderConfig): readonly Problem[] {
  const [first] = missing;
  if (first === undefined) return [];
  if (missing.length === 1) return [{ file: file.name, message: `${first.name} [${first.shape.join(', ')}] is missing` }];
  const names = [...file.entries.keys()];
  const there = names.length === 0 ? 'none' : someGroups(names);
  const others = config === undefined || missing.length < of / 2 ? '' : `; the tensors of the file are ${there}`;
  const message = `${missing.length} of ${of} tensors are missing: ${someGroups(missing.map(({ name }) => name))}${others}`;
  return [{ file: file.name, message }];
}

function unreadableTypes(file: Safetensors, parameters: readonly ParameterSpec[], names: ReadonlyMap<string, string>): readonly Problem[] {
  const problems = parameters.flatMap((spec): Problem[] => {
    const entry = file.entries.get(names.get(spec.name) ?? '');
    return entry === undefined || isFloats(entry)
      ? []
      : [
          {
            file: entry.source.name,
            message: `${names.get(spec.name)} is ${entry.dtype}; only F32, F16, BF16 and F64 can be read, not quantized weights`,
          },
        ];
  });
  return firstFew(problems, (more) => `${plural(more, 'more tensor')} of such types`, file);
}

function wrongShapes(file: Safetensors, parameters: readonly ParameterSpec[], names: ReadonlyMap<string, string>): readonly Problem[] {
  const problems = parameters.flatMap((spec): Problem[] => {
    const entry = file.entries.get(names.get(spec.name) ?? '');
    if (entry === undefined || (entry.shape.length === spec.shape.length && entry.shape.every((axis, i) => axis === spec.shape[i])))
      return [];
    return [
      { file: entry.source.name, message: `${spec.name} is [${entry.shape.join(', ')}], the model needs [${spec.shape.join(', ')}]` },
    ];
  });
  return firstFew(
    problems,
    (more) => `${plural(more, 'more tensor')} ${more === 1 ? 'has' : 'have'} another shape than the model needs`,
    file,
  );
}

function countNotFinite(values: Float32Array): number {
  let wrong = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) wrong += 1;
  return wrong;
}

function notFinite(values: Float32Array, wrong: number): string {
  const kinds = [...(values.some(Number.isNaN) ? ['NaN'] : []), ...(values.some((x) => Math.abs(x) === Infinity) ? ['infinity'] : [])];
  return `${kinds.join(' and ')}: ${wrong} of ${plural(values.length, 'number')}`;
}

function unfit(file: Safetensors, problems: readonly Problem[], remedy: string): OrtrainError {
  return new OrtrainError('data', `${file.name} does not fit the model that its config.json describes`, {
    subject: file.name,
    problems,
    remedy,
  });
}

const SHOWN = 3;

function firstFew(problems: readonly Problem[], rest: (more: number) => string, file: Safetensors): readonly Problem[] {
  const more = problems.length - SHOWN;
  return more <= 0 ? problems : [...problems.slice(0, SHOWN), { file: file.name, message: rest(more) }];
}
