import { OrtrainError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { text, wholeNumber } from '../options.ts';

/** Does jobs of sweeps that are launched with the same artifacts folder. May be killed at any time: others take over what it had begun. */
export const worker = defineCommand({
  name: 'worker',
  summary: 'do jobs of the sweeps of an artifacts folder',
  description:
    'It ends when no sweep has anything left to do, or finds no job for --idle seconds. Jobs that compute on a device are taken where ' +
    '--device has it; auto: the best that works here, and the CPU.',
  arguments: {},
  options: {
    threads: wholeNumber('number', 'threads that a job may use; jobs that need more are left to others', {
      otherwise: 'all that this machine, or Slurm, allows',
    }),
    idle: wholeNumber('seconds', 'end after so long without a job', { otherwise: '600' }),
    name: text('name', 'what the sweep calls this worker', { otherwise: 'the machine and the process' }),
  },
  examples: [
    { line: 'pipeline worker --artifacts /shared', purpose: 'Do jobs until no sweep has any left.' },
    { line: 'pipeline worker --artifacts /shared --device cuda', purpose: 'Do those that need a GPU.' },
  ],
  async run({ threads, idle = 600, name }, { artifacts, device, terminal, takeInterrupts }) {
    if (threads === 0) throw new OrtrainError('usage', '--threads 0 leaves a job no thread', { remedy: 'Give at least 1.' });
    const { runWorker } = await import('../../runner/queue/index.ts');
    const { workerLines } = await import('../progress/worker-lines.ts');
    const { plural } = await import('../render/layout/text.ts');
    const { stopSignal } = await import('../progress/stage-progress.ts');
    const signal = stopSignal({ terminal, takeInterrupts });
    const result = await runWorker({
      artifacts,
      device,
      idleSeconds: idle,
      signal,
      ...(threads === undefined ? {} : { threads }),
      ...(name === undefined ? {} : { title: name }),
      onEvent: workerLines(terminal.log),
    });
    const { end, done, cached, failed } = result;
    const parts = [
      `${plural(done, 'job')} done`,
      ...(cached > 0 ? [`${cached} of them from the cache`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
    ];
    const why = { done: 'nothing is left to do', idle: `no job came for ${idle} s`, stopped: 'stopped' }[end];
    const interrupt = end === 'stopped' ? { error: new OrtrainError('interrupted', 'stopped; its job goes to another worker') } : {};
    return { data: result, text: `${parts.join(', ')}; ${why}`, ...interrupt };
  },
});
