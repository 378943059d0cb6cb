import { choice, integer, number, object, orAuto } from '../schema/schema.ts';

export const resources = object('What the run may use.', {
  device: choice(['auto', 'cpu', 'cuda', 'webgpu'], {
    default: 'auto',
    description: 'The device that computes; auto: the best that works.',
  }),
  threads: orAuto(integer({ examples: [4], minimum: 1, maximum: 1024, description: 'Number of CPU threads; auto: all.' })),
  parallel_folds: orAuto(
    integer({
      examples: [2],
      minimum: 1,
      maximum: 1024,
      description:
        'Number of folds that train at the same time, each in its own process with an equal share of the threads, at least one; ' +
        'auto: as many as are faster on this machine.',
    }),
  ),
  checkpoint_seconds: number({
    default: 120,
    examples: [600],
    minimum: 0,
    description:
      'Seconds of training between two checkpoints, from which an interrupted run resumes. They are further apart where writing ' +
      'them would take more than 2 % of the time; 0: one after every step.',
  }),
});
