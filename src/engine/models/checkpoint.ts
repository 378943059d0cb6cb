import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { ParameterSpec } from '../program.ts';
import type { Architecture } from './architecture.ts';
import { architectureOf } from './architectures.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { randomParameters, type ParameterSource } from './parameters.ts';
import { readFloats, type Safetensors } from './safetensors.ts';

/** Pretrained values, and sentences about what did not come from the file. */
export interface Pretrained {
  readonly source: ParameterSource;
  readonly notices: readonly string[];
}

/** Of the encoder's tensors that a checkpoint lacks. */
const absentSeed = 0;

/**
 * A pretrained encoder's weights for the parameters of a program. Names come with or without the architecture's prefix and
 * with today's `weight` and `bias` or the `gamma` and `beta` of the first releases. The head starts at random from `seed`; a
 * head of the file's own is not used. A pooler that the file lacks starts at random too, always the same: features that were
 * computed once must fit the encoder of every fold. Throws OrtrainError `data` that names every tensor which is missing or
 * has the wrong shape.
 */
export function pretrainedParameters(file: Safetensors, config: EncoderConfig, parameters: readonly ParameterSpec[], seed: number): Pretrained {
  const { naming } = architectureOf(config);
  const names = canonicalNames(file, naming);
  const encoder = parameters.filter((spec) => spec.name.startsWith(naming.prefix));
  const lacking = encoder.filter((spec) => !names.has(spec.name));
  const missing = lacking.filter((spec) => !naming.optional.some((start) => spec.name.startsWith(start)));
  const problems = [...missing.map((spec) => missingTensor(file, spec)), ...wrongShapes(file, encoder, names)];
  if (problems.length > 0) throw unfit(file, problems, 'Take config.json and model.safetensors from the same model.');

  const known = new Set([...encoder.map((spec) => spec.name), ...naming.ignored]);
  const unknown = [...names.keys()].filter((name) => name.startsWith(naming.prefix) && !known.has(name));
  const [head, absent] = [randomParameters(seed), randomParameters(absentSeed)];
  return {
    source: (spec, into) => {
      if (!spec.name.startsWith(naming.prefix)) return head(spec, into);
      const name = names.get(spec.name);
      return name === undefined ? absent(spec, into) : readFloats(file, name, into);
    },
    notices: [
      ...(lacking.length === 0 ? [] : [`${file.source.name} has no ${some(lacking.map((spec) => spec.name))}; it starts at random`]),
      ...(unknown.length === 0 || encoder.length === 0 ? [] : [`${file.source.name} holds tensors that the model has no place for: ${some(unknown)}`]),
    ],
  };
}

/** The weights of a model that was saved whole. Throws OrtrainError `data` unless names and shapes are exactly those of the parameters. */
export function savedParameters(file: Safetensors, parameters: readonly ParameterSpec[]): ParameterSource {
  const names = new Map([...file.entries.keys()].map((name) => [name, name]));
  const known = new Set(parameters.map((spec) => spec.name));
  const problems = [
    ...parameters.filter((spec) => !names.has(spec.name)).map((spec) => missingTensor(file, spec)),
    ...wrongShapes(file, parameters, names),
    ...[...names.keys()].filter((name) => !known.has(name)).map((name) => ({ file: file.source.name, message: `${name} has no place in the model` })),
  ];
  if (problems.length > 0) throw unfit(file, problems, 'Use the model.safetensors and config.json that were saved together.');
  return (spec, into) => readFloats(file, spec.name, into);
}

/** Names as the program has them → names as the file has them. */
function canonicalNames(file: Safetensors, { prefix }: Architecture['naming']): ReadonlyMap<string, string> {
  const names = [...file.entries.keys()];
  const prefixed = names.some((name) => name.startsWith(prefix));
  return new Map(
    names.map((name) => {
      const renamed = name.replace(/\.gamma$/, '.weight').replace(/\.beta$/, '.bias');
      return [prefixed ? renamed : prefix + renamed, name];
    }),
  );
}

function missingTensor(file: Safetensors, spec: ParameterSpec): Problem {
  return { file: file.source.name, message: `${spec.name} [${spec.shape.join(', ')}] is missing` };
}

function wrongShapes(file: Safetensors, parameters: readonly ParameterSpec[], names: ReadonlyMap<string, string>): readonly Problem[] {
  return parameters.flatMap((spec) => {
    const found = file.entries.get(names.get(spec.name) ?? '')?.shape;
    if (found === undefined || (found.length === spec.shape.length && found.every((axis, i) => axis === spec.shape[i]))) return [];
    return [{ file: file.source.name, message: `${spec.name} is [${found.join(', ')}], the model needs [${spec.shape.join(', ')}]` }];
  });
}

function unfit(file: Safetensors, problems: readonly Problem[], remedy: string): OrtrainError {
  return new OrtrainError('data', `${file.source.name} does not fit the model that its config.json describes`, { subject: file.source.name, problems, remedy });
}

/** The first few of many names. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length <= 3 ? shown : `${shown} and ${names.length - 3} more`;
}
