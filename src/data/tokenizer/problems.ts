import { OrtrainError } from '../../core/errors.ts';
import { shortened } from '../../core/text.ts';

/** The error for a tokenizer that cannot be used. */
export function unusable(
  subject: string,
  reason: string,
  { remedy = REMEDY, cause }: { readonly remedy?: string; readonly cause?: unknown } = {},
): OrtrainError {
  const why = reason.length > LONGEST_REASON ? shortened(reason) : reason;
  return new OrtrainError('data', `the tokenizer of ${subject} cannot be used: ${why}`, {
    subject,
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });
}

const LONGEST_REASON = 400;

const REMEDY =
  'A model needs a tokenizer.json, a SentencePiece model (spm.model, sentencepiece.bpe.model or spiece.model), vocab.txt, or vocab.json ' +
    'with merges.txt; tokenizers of the Hugging Face library write their files with save_pretrained.';
