import { OrtrainError } from '../../core/errors.ts';

/** The error for a tokenizer that cannot be used. */
export function unusable(
  subject: string,
  reason: string,
  { remedy = REMEDY, cause }: { readonly remedy?: string; readonly cause?: unknown } = {},
): OrtrainError {
  return new OrtrainError('data', `the tokenizer of ${subject} cannot be used: ${reason}`, {
    subject,
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });
}

const REMEDY =
  'The model needs a tokenizer.json of a BERT-like tokenizer; tokenizers of the Hugging Face library write one with save_pretrained.';
