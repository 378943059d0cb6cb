import { OrtrainError } from '../../core/errors.ts';
import { isOutOfMemory } from './out-of-memory.ts';
import type { Device, ForwardModel, ForwardOptions, Trainer, TrainerOptions } from './trainer.ts';

/** A device's way to open models; loaded when it is asked for. */
interface Opener {
  openForward(options: ForwardOptions): Promise<ForwardModel>;
  openTrainer(options: TrainerOptions): Promise<Trainer>;
}

const openers: Readonly<Record<Device, () => Promise<Opener>>> = {
  cpu: () => import('./cpu/cpu.ts'),
  cuda: () => import('./cuda/cuda.ts'),
  webgpu: () => import('./gpu/webgpu.ts'),
};

/**
 * Parameters on a device and a forward pass over them. Throws OrtrainError `environment`, with the device as its subject, where the device
 * does not work.
 */
export function openForward(options: ForwardOptions): Promise<ForwardModel> {
  return openOn(options.device ?? 'cpu', (opener) => opener.openForward(options));
}

/**
 * A model ready to be trained on a device. Throws OrtrainError `environment`, with the device as its subject, where the device does not
 * work.
 */
export function openTrainer(options: TrainerOptions): Promise<Trainer> {
  return openOn(options.device ?? 'cpu', (opener) => opener.openTrainer(options));
}

/**
 * A graph that does not load on a GPU is the device's failure, and another device may do; on the CPU it is the run's, and so is memory that
 * is full.
 */
async function openOn<T>(device: Device, open: (opener: Opener) => Promise<T>): Promise<T> {
  try {
    return await open(await openers[device]());
  } catch (cause) {
    if (device === 'cpu' || isOutOfMemory(cause) || !(cause instanceof OrtrainError) || cause.code !== 'run') throw cause;
    throw new OrtrainError('environment', `${device} failed while the model was made ready: ${cause.message}`, {
      subject: device,
      remedy: 'Use --device cpu, or auto.',
      cause,
    });
  }
}
