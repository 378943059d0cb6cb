// Trains a network that comes as an ONNX file to tell two spirals apart: npx tsx --conditions=ortrain-source examples/own-graph/fit.ts
// (Outside this checkout the flag is not needed: `ortrain/engine` is then the built package.)
import { readFileSync } from 'node:fs';
import { adam, fromOnnx, givenParameters, openTrainer, trainingStepOf } from 'ortrain/engine';
import { accuracy, spirals } from './spirals.ts';

const STEPS = 400;
const [seen, unseen] = [spirals(200, 0), spirals(200, 0.5)];

const { graph, parameters } = await fromOnnx(readFileSync(new URL('mlp.onnx', import.meta.url)), { parameters: 'weights' });
const trainer = await openTrainer({
  ...trainingStepOf(graph, { parameters: parameters.keys(), loss: 'bce' }),
  source: givenParameters(parameters), // go on from the file's weights; `randomParameters(seed)` would start afresh
  optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) },
  clipNorm: null,
  threads: 1,
  seed: 0,
});

for (let step = 1; step <= STEPS; step += 1) {
  const { loss } = await trainer.step({ x: seen.x, targets: seen.targets }, { lr: 0.01 });
  if (step === 1 || step % 100 === 0) {
    const correct = accuracy(await trainer.forward({ x: unseen.x }), unseen);
    console.log(`step ${String(step).padStart(3)}  loss ${loss.toFixed(4)}  accuracy on unseen points ${correct.toFixed(3)}`);
  }
}
await trainer.release();
