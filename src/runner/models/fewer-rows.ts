import { OrtrainError } from '../../core/errors.ts';
import { isOutOfMemory, type Device } from '../../engine/runtime/index.ts';
import { fewerThan } from '../../training/index.ts';

/**
 * Predicts with so many rows at a time, and with fewer where memory runs out, which changes no prediction. Throws a `run` error with what
 * is left to do where it runs out over a single row.
 *
 * @param onFewer hears why, and how many rows it tries next
 */
export async function withFewerRows<T>(
  rows: number,
  device: Device,
  predict: (rows: number) => Promise<T>,
  onFewer: (message: string) => void,
): Promise<T> {
  try {
    return await predict(rows);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    const fewer = fewerThan(rows);
    if (fewer === null) throw overOneRow(error, device);
    onFewer(`${error.message}; tries ${fewer} at a time`);
    return withFewerRows(fewer, device, predict, onFewer);
  }
}

function overOneRow({ message, subject, cause }: OrtrainError, device: Device): OrtrainError {
  return new OrtrainError('run', message, {
    ...(subject === undefined ? {} : { subject }),
    ...(cause === undefined ? {} : { cause }),
    remedy:
      device === 'cpu'
        ? 'The model alone is too much for it: end other programs, or predict on a machine with more memory.'
        : 'The model alone is too much for it: use --device cpu.',
  });
}
