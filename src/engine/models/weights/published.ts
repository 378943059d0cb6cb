import { OrtrainError } from '../../../core/errors.ts';
import { pretrainedParameters, savedParameters, type Pretrained } from './checkpoint.ts';
import { classifierForward, type ClassifierOptions } from '../classifier.ts';
import { encoderOf } from '../encoders/index.ts';
import type { Safetensors } from '../formats/safetensors.ts';
import { encoderNames } from './tensor-names.ts';

/**
 * The weights of a published `…ForSequenceClassification` with the head of its own, for the parameters of a classifier with default pooling
 * whose head is one dense layer of as many outputs. Names may have any prefix that `pretrainedParameters` knows.
 * Throws OrtrainError `data` where the file lacks tensors, has others, or its class computes something else between encoder and logits.
 */
export function publishedParameters(file: Safetensors, options: Omit<ClassifierOptions, 'pooling'>): Pretrained {
  const { names, huggingFace } = encoderOf(options.encoder);
  const { parameters } = classifierForward(options);
  const layout = options.head.dense.length === 0 ? huggingFace.layout(parameters) : undefined;
  if (layout === undefined || layout.redundant.length > 0)
    throw new OrtrainError('data', `the head of ${huggingFace.classifier} is not one dense layer on what the encoder's pooler gives`, {
      subject: file.name,
      remedy: 'Train a head of your own on the encoder.',
    });
  const isEncoder = ({ name }: { readonly name: string }): boolean => name.startsWith(names.prefix);
  const { source: encoder, notices } = pretrainedParameters(file, options.encoder, layout.tensors.filter(isEncoder), 0);
  const { beside } = encoderNames(file, names, layout.tensors.filter(isEncoder).map(({ name }) => name));
  const heads = layout.tensors.filter((spec) => !isEncoder(spec));
  const entries = new Map(
    heads.flatMap(({ name }) => {
      const entry = file.entries.get(beside(name) ?? '');
      return entry === undefined ? [] : [[name, entry] as const];
    }),
  );
  const head = savedParameters({ ...file, entries }, heads);
  return { source: layout.load((spec, into) => (isEncoder(spec) ? encoder : head)(spec, into)), notices, remarks: file.notices ?? [] };
}
