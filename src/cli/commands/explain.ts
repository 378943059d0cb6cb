import { oneOrMore } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../options.ts';

/** Shows what the training step of an experiment consists of and what it takes; with `graph`, the step itself. */
export const explain = defineCommand({
  name: 'explain',
  summary: 'explain the training step: operators, parameters, memory, floating-point operations',
  readsConfiguration: true,
  arguments: { config: oneOrMore('configurations (YAML files)', 'file') },
  options: { graph: flag('print the step as a program instead') },
  examples: [
    { line: 'pipeline explain configs/quickstart.yaml', purpose: 'Show what a step computes and where its memory goes.' },
    { line: 'pipeline explain configs/quickstart.yaml --graph', purpose: 'Print every operator of the step.' },
  ],
  async run({ config, graph }, { set, artifacts, device, terminal }) {
    const { explainExperiment } = await import('../../runner/index.ts');
    const { loadExperiments } = await import('../../runner/load-experiments.ts');
    const { explanationText } = await import('../render/explanation.ts');
    const experiments: Awaited<ReturnType<typeof explainExperiment>>[] = [];
    for (const loaded of loadExperiments(config, { set })) experiments.push(await explainExperiment(loaded, { artifacts, device }));
    const texts = experiments.map((each) => (graph ? each.graph : explanationText(each, terminal.colors)));
    return { data: { experiments }, text: texts.join('\n\n'), verbatim: graph };
  },
});
