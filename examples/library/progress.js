/** Runs a YAML file and draws a bar for each fold from the events. */
import { run } from 'ortrain';

const overrides = { split: { folds: 2, only: [0] }, training: { epochs: 2 } };
const running = run('configs/quickstart.yaml', { name: 'watched', overrides });
for await (const event of running) {
  if (event.type === 'task-started') console.log(`${event.task} …`);
  if (event.type === 'task-cached') console.log(`${event.task} from the cache`);
  if (event.type === 'task-event' && event.event.type === 'epoch') {
    const { epoch, metrics } = event.event;
    console.log(`${event.task} ${bar(epoch, 2)} epoch ${epoch}, f1 ${metrics['val/f1_macro']?.toFixed(3)}`);
  }
  if (event.type === 'run-finished') console.log(`done in ${event.seconds.toFixed(1)} s`);
}
const { folder } = await running;
console.log(folder);

/**
 * @param {number} done
 * @param {number} of
 */
function bar(done, of) {
  return `[${'#'.repeat(done)}${'.'.repeat(of - done)}]`;
}
