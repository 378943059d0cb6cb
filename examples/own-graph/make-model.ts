// Writes mlp.onnx, a multilayer perceptron 2 → 32 → 32 → 1 with random weights, as any exporter might: npx tsx --conditions=ortrain-source examples/own-graph/make-model.ts
import { writeFileSync } from 'node:fs';
import { bind, graphBuilder, randomParameters, toOnnx, type Value } from 'ortrain/engine';

const g = graphBuilder('mlp', ['logit']);
const weights = new Map<string, Float32Array>();
const random = randomParameters(1);

/** x [B, inputs] → [B, outputs], its weights drawn as torch.nn.Linear draws them. */
function dense(name: string, x: Value, inputs: number, outputs: number): Value {
  const tensor = (part: string, shape: readonly number[]): Value => {
    const spec = { name: `${name}.${part}`, shape, init: { kind: 'uniform', bound: 1 / Math.sqrt(inputs) } } as const;
    weights.set(spec.name, random(spec));
    return g.input(spec.name, 'float32', shape);
  };
  return g.Gemm(x, tensor('weight', [outputs, inputs]), tensor('bias', [outputs]), { transB: 1 });
}

const x = g.input('x', 'float32', ['B', 2]);
const hidden = g.Relu(dense('second', g.Relu(dense('first', x, 2, 32)), 32, 32));
g.output('logit', dense('last', hidden, 32, 1));

const file = process.argv[2] ?? new URL('mlp.onnx', import.meta.url);
writeFileSync(file, await toOnnx(bind(g.build(), weights)));
