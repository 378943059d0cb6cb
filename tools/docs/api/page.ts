import { readFileSync } from 'node:fs';
import { anchor, block, code, GENERATED, markdownTable } from '../markdown.ts';
import { exportedDeclarations, type Declaration, type Member } from './source.ts';

/** The exports by chapter, functions first. What stands in none is put into the last one. */
const CHAPTERS: readonly { readonly title: string; readonly names: readonly string[]; readonly text?: string }[] = [
  {
    title: 'Training',
    names: [
      'run', 'RunOptions', 'RunLimits', 'RunResult', 'defineExperiment', 'ExperimentConfig', 'ExperimentSource',
      'ExperimentOptions', 'Overrides', 'check', 'InspectedExperiment', 'plan', 'PlanOptions', 'ExperimentPlan',
      'sweep', 'SweepOptions', 'SweepResult', 'SweepDocument',
    ],
  },
  {
    title: 'Classifying',
    names: [
      'openClassifier', 'ClassifierOptions', 'OpenClassifierOptions', 'Classifier', 'ClassifyOptions',
      'ClassifierDescription', 'DescribedModel', 'AnyClassifier', 'ClassPrediction', 'LabelPrediction',
      'NumberPrediction', 'GradePrediction',
    ],
  },
  {
    title: 'Results',
    names: [
      'evaluate', 'EvaluateOptions', 'LabelledTable', 'EvaluatedTable', 'MetricInterval', 'compare', 'CompareOptions',
      'ComparedRuns', 'Comparison', 'SideBySide', 'ComparedMetric', 'ComparedValue',
    ],
  },
  {
    title: 'Events, errors, surroundings',
    names: [
      'Running', 'RunEvent', 'StageEvent', 'OrtrainError', 'ErrorCode', 'Problem', 'Surroundings', 'Variables',
    ],
    text: 'Events are those of the [journal](journal.md), which describes each of them: every line of a run’s `journal.jsonl` is an event that a program hears.',
  },
  { title: 'Several at a time', names: [
      'runAll', 'RunAllOptions', 'CommandOptions', 'RunOutcome', 'RunsObserver', 'checkAll', 'planAll', 'PlanOfAll',
    ] },
];

/** docs/api.md: what `import … from 'ortrain'` gives, from the docstrings. */
export function apiPage(): string {
  const all = exportedDeclarations();
  const chapters = CHAPTERS.map(({ names, ...rest }) => ({ ...rest, declarations: names.map((name) => named(all, name)) }));
  const placed = new Set(CHAPTERS.flatMap(({ names }) => names));
  const rest = all.filter(({ name }) => !placed.has(name));
  const whole = [...chapters, { title: 'Other types', declarations: rest }].filter(({ declarations }) => declarations.length > 0);
  return `${[
    '# The package for programs',
    GENERATED,
    ...introduction(),
    `Chapters: ${whole.map(({ title }) => `[${title}](${anchor(title)})`).join(' · ')}`,
    ...whole.flatMap(({ title, declarations, ...more }) => [
      `## ${title}`,
      ...('text' in more && more.text !== undefined ? [more.text] : []),
      ...declarations.flatMap(declarationText),
    ]),
  ].join('\n\n')}\n`;
}

function named(all: readonly Declaration[], name: string): Declaration {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`src/index.ts does not export ${name}`);
  return found;
}

function introduction(): readonly string[] {
  return [
    'What the commands do, as functions. They print nothing, and take their settings from their arguments alone: of the environment of the process they read what `env` hands over. The commands are themselves programs that call these functions.',
    block('sh', 'npm install ortrain --ignore-scripts\nnpx ortrain init --example quickstart # a small table and model to try'),
    'An experiment is the path of a YAML file, or an object with [the same keys](configuration.md). In TypeScript, `defineExperiment` lets the editor complete and check it:',
    block('ts', example('experiment.ts')),
    'Training takes one call. What is wrong with an experiment comes as one error with all problems in it:',
    block('ts', example('train.ts')),
    '`openClassifier` opens a run, or any other [model](models.md), and keeps it in memory:',
    block('ts', example('classify.ts')),
    'While work is under way, its events can be looped over, here in JavaScript:',
    block('js', example('progress.js')),
    'An `AbortSignal` stops it:',
    block('js', example('stop.js')),
    'These programs lie in [examples/library/](../examples/library). They run as they are in a folder in which `ortrain init --example quickstart` has put the quickstart. The types need TypeScript 5.2 or later with `"module": "nodenext"`, or `"moduleResolution": "bundler"`, and `@types/node`.',
  ];
}

function example(name: string): string {
  return readFileSync(new URL(`../../../examples/library/${name}`, import.meta.url), 'utf8').trim();
}

function declarationText({ name, kind, signatures, docs, members }: Declaration): readonly string[] {
  const params = docs.params.map(({ name: param, text }) => `- ${code(param)}: ${text}`);
  return [
    `### ${name}`,
    ...(kind === 'function' || kind === 'type' ? [block('ts', signatures.join('\n'))] : inherited(signatures[0] ?? '')),
    ...(docs.text === '' ? [] : [docs.text]),
    ...(params.length === 0 ? [] : [params.join('\n')]),
    ...(members.length === 0 ? [] : [memberTable(members)]),
    ...(docs.example === undefined ? [] : [block('ts', docs.example)]),
  ];
}

/** What an interface or a class is made of besides its own members. */
function inherited(signature: string): readonly string[] {
  const [, parents] = /\bextends\s+(.+?)\s*$/s.exec(signature.replace(/<[^>]* extends [^>]*>/, '')) ?? [];
  return parents === undefined ? [] : [`Extends ${code(parents)}.`];
}

function memberTable(members: readonly Member[]): string {
  return markdownTable(
    ['member', 'type', 'meaning'],
    members.map(({ name, type, docs }) => [code(name), code(type.replaceAll(/\s+/g, ' ')), docs.text.replaceAll('\n\n', ' ')]),
  );
}
