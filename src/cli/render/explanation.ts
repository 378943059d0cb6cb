import type { BatchShape, Explanation } from '../../runner/index.ts';
import type { Colors } from '../terminal.ts';
import { sections } from './layout/sections.ts';
import { left, right, table } from './layout/table.ts';
import { bytes, count, operations, plural } from './layout/text.ts';

/** A training step: parameters, memory, work, operators, and what was chosen for its device and why. */
export function explanationText(explanation: Explanation, colors: Colors): string {
  const { experiment, device, choices, lowered, switchedOff } = explanation;
  return sections(
    [
      { title: `${experiment} · one training step on ${device}`, lines: [parameterTable(explanation, colors)] },
      {
        title: 'encoding, once per text',
        lines: explanation.encoding.map((each) => `${operations(each.operations)} for a batch of ${shapeText(each.batch)}`),
      },
      {
        title: 'learning rates, before the schedule',
        lines: explanation.rates.map(({ part, lr }) => `${part}: ${Number(lr.toPrecision(4))}`),
      },
      { title: `memory, ${explanation.optimizer.name}`, lines: [memoryTable(explanation, colors)] },
      { title: 'memory of the GPU at the worst moment, an estimate', lines: gpuTable(explanation, colors) },
      { title: 'floating-point operations', lines: [workTable(explanation, colors)] },
      { title: 'floating-point operations by layer, forward and backward', lines: [layerTable(explanation, colors)] },
      { title: 'operators', lines: [operatorTable(explanation, colors)] },
      { title: 'precision', lines: precisionLines(explanation, colors) },
      {
        title: 'fused or chosen operators, and why',
        lines: choices.map(({ choice, count: times, why }) => `${count(times)} × ${choice}: ${why}`),
      },
      {
        title: `operators rewritten for ${device}, and why`,
        lines: lowered.map(({ op, nodes, why }) => `${count(nodes)} × ${op}: ${why}`),
      },
      { title: 'onnxruntime fusions switched off, because the backward pass needs what they drop', lines: [switchedOff.join(', ')] },
    ],
    colors,
  );
}

function parameterTable({ trained, frozen }: Explanation, colors: Colors): string {
  const row = (title: string, sum: Explanation['trained']): readonly string[] => [
    title,
    count(sum.count),
    bytes(sum.bytes),
    plural(sum.tensors, 'tensor'),
  ];
  return table([left('parameters'), right('numbers'), right('memory'), left('')], [row('trained', trained), row('frozen', frozen)], colors);
}

function memoryTable({ steps, optimizer }: Explanation, colors: Colors): string {
  const slots = optimizer.slots.length === 0 ? 'none' : optimizer.slots.join(', ');
  const rows: readonly (readonly [string, keyof Explanation['steps'][number]['memory']])[] = [
    ['parameters', 'parameters'],
    [`optimizer state (${slots})`, 'optimizerState'],
    ['gradients', 'gradients'],
    ['activations kept for the backward pass', 'activations'],
    ['dropout masks', 'masks'],
    ['the batch', 'batch'],
    ['peak within the graph', 'peak'],
  ];
  const isCut = steps.some(({ batch, rowsAtATime }) => rowsAtATime < batch.texts);
  const lines = [
    ...(isCut ? [['rows at a time', ...steps.map(({ rowsAtATime }) => count(rowsAtATime))]] : []),
    ...rows.map(([title, key]) => [title, ...steps.map(({ memory }) => bytes(memory[key]))]),
  ];
  return table([left('batch'), ...shapeColumns(steps)], lines, colors);
}

/** What a GPU holds at the worst moment of a step; nothing on the CPU. */
function gpuTable({ steps }: Explanation, colors: Colors): readonly string[] {
  const known = steps.flatMap(({ gpu }) => gpu ?? []);
  if (known.length === 0) return [];
  const rows: readonly (readonly [string, keyof (typeof known)[number]])[] = [
    ['parameters and optimizer state', 'state'],
    ['the state that a run of steps begins with', 'begun'],
    ['sums of gradients', 'sums'],
    ['activations, masks, gradients, new state', 'values'],
    ['runtime: context, workspace, idle in its arena', 'runtime'],
    ['in all', 'total'],
  ];
  const shown = rows.filter(([, key]) => known.some((memory) => memory[key] > 0));
  return [
    table(
      [left('batch'), ...shapeColumns(steps)],
      shown.map(([title, key]) => [title, ...known.map((memory) => bytes(memory[key]))]),
      colors,
    ),
  ];
}

function workTable({ steps }: Explanation, colors: Colors): string {
  const kinds = Object.keys(steps[0]?.work.forward ?? {}) as (keyof Explanation['steps'][number]['work']['forward'])[];
  const rows = (['forward', 'backward'] as const).flatMap((part) =>
    kinds.map((kind) => [`${part}: ${kind}`, ...steps.map(({ work }) => operations(work[part][kind]))]),
  );
  const update = ['update', ...steps.map(({ work }) => operations(work.update))];
  const total = ['total', ...steps.map(({ work }) => operations(work.total))];
  return table([left('batch'), ...shapeColumns(steps)], [...rows, update, total], colors);
}

function layerTable({ steps }: Explanation, colors: Colors): string {
  const layers = steps[0]?.layers ?? [];
  const rows = layers.map(({ layer }, i) => [
    layer,
    ...steps.map((step) => operations((step.layers[i]?.forward ?? 0) + (step.layers[i]?.backward ?? 0))),
  ]);
  return table([left('layer'), ...shapeColumns(steps)], rows, colors);
}

function shapeColumns(steps: Explanation['steps']): ReturnType<typeof right>[] {
  return steps.map(({ batch }) => right(shapeText(batch)));
}

function shapeText({ kind, texts, width }: BatchShape): string {
  if (kind === 'features') return plural(texts, 'text');
  const said = { typical: 'median', largest: 'largest', limit: 'full length' }[kind];
  return `${texts} × ${width} tokens (${said})`;
}

/** Nothing where all is float32, as it is without a word about it. */
function precisionLines({ precision: { why, nodes } }: Explanation, colors: Colors): readonly string[] {
  const rows = nodes.map(({ what, dtype, nodes: times }) => [what, dtype, count(times)]);
  return [
    ...(why === null ? [] : [why]),
    ...(rows.length === 0 ? [] : [table([left('nodes'), left('type'), right('count')], rows, colors)]),
  ];
}

function operatorTable({ operators }: Explanation, colors: Colors): string {
  const rows = operators.map(({ op, kind, nodes, provider }) => [op, count(nodes), kind, provider]);
  const total = ['total', count(operators.reduce((sum, { nodes }) => sum + nodes, 0)), '', ''];
  return table([left('operator'), right('nodes'), left('work'), left('provider')], [...rows, total], colors);
}
