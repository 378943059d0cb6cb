import type { Device, ForwardModel, ForwardOptions, Trainer, TrainerOptions } from './trainer.ts';

/** A device's way to open models; loaded when it is asked for. */
interface Opener {
  openForward(options: ForwardOptions): Promise<ForwardModel>;
  openTrainer(options: TrainerOptions): Promise<Trainer>;
}

const openers: Readonly<Record<Device, () => Promise<Opener>>> = {
  cpu: () => import('./cpu.ts'),
  cuda: () => import('./cuda.ts'),
  webgpu: () => import('./webgpu.ts'),
};

/** Parameters on a device and a forward pass over them. Throws OrtrainError `environment` where the device does not work. */
export async function openForward(options: ForwardOptions): Promise<ForwardModel> {
  return (await openers[options.device ?? 'cpu']()).openForward(options);
}

/** A model ready to be trained on a device. Throws OrtrainError `environment` where the device does not work. */
export async function openTrainer(options: TrainerOptions): Promise<Trainer> {
  return (await openers[options.device ?? 'cpu']()).openTrainer(options);
}
