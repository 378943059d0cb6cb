/** Stops a run after its first epoch, as a server does that shuts down. The same call resumes it from the last checkpoint. */
import { OrtrainError, run } from 'ortrain';

const options = { name: 'stopped', overrides: { split: { folds: 2, only: [0] }, training: { epochs: 3 } } };
const stopping = new AbortController();
try {
  await run('configs/quickstart.yaml', {
    ...options,
    signal: stopping.signal,
    onEvent(event) {
      if (event.type === 'task-event' && event.event.type === 'epoch') stopping.abort();
    },
  });
} catch (error) {
  if (!(error instanceof OrtrainError && error.code === 'interrupted')) throw error;
  console.log(`stopped: ${error.message}`);
}
const { executed, cached } = await run('configs/quickstart.yaml', options);
console.log(`resumed: ${executed} jobs ran, ${cached} were there`);
