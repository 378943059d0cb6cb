import { OrtrainError } from '../../../../core/errors.ts';

/** Refuses a file: `what` is a sentence about it that begins with `it`, `its` or the name of a part. */
export type Refuse = (what: string, remedy?: string) => OrtrainError;

/** The errors of a file that PyTorch wrote, or that claims it. */
export function refusing(file: string): Refuse {
  return (what, remedy = 'Fetch or save the file again, or take the safetensors file of the same model.') =>
    new OrtrainError('data', `${file} cannot be read: ${what}`, { subject: file, remedy });
}

/** Where a file is sound, and holds what nothing here can use. */
export const SAVE_STATE_DICT = 'Save model.state_dict() alone, or load the model with Transformers and write it with save_pretrained().';
