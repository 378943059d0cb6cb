import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { textsOf } from '../../src/runner/models/new-texts.ts';
import { loadExperiment, loadPipeline, toYaml } from '../../src/config/index.ts';
import { writeCsv } from '../../src/data/tables/formats/csv.ts';
import { labelledExamples } from '../helpers/class-examples.ts';
import { buildSubmission, checkSubmission } from '../../src/data/submission/index.ts';
import { parseTable, readTable, type ReadOptions, type Table } from '../../src/data/tables/table.ts';
import { root } from '../helpers/quickstart.ts';
import type { Reader } from './fuzz.ts';
import { written } from './written.ts';
import { classification } from '../../src/tasks/classification/task.ts';

/** Readers of what people write: tables, texts, configurations, pipelines, the command line. */
export function textReaders(folder: string): readonly Reader[] {
  mkdirSync(folder, { recursive: true });
  return [
    ...tableReaders(),
    ...binaryReaders(folder),
    sampleSubmission(),
    examples(),
    stdinTexts(),
    experimentFile(folder),
    override(),
    pipelineFile(folder),
  ];
}

const buffers = (...texts: readonly string[]): readonly Buffer[] => texts.map((text) => Buffer.from(text));

const CSV = buffers(
  'id,text,target\n1,"Flood, on ""Mill"" Lane\nnow",1\n2,calm 🔥 é,0\n3,,1\n4,x,0\n',
  '\ufeffid,keyword,text,target\r\n7,a,b,yes\r\n8,"c\r\nd",e,no\r\n\r\n9,f,g,yes\r\n10,h,"",no',
);
const TSV = buffers('id\ttext\ttarget\n1\tit"s\t0\n2\tso\t1\n3\tthere\t0\n4\t\t1\n');
const JSONL = buffers(
  '{"id":1,"text":"a\\nb","target":0}\n{"text":"🔥","id":2,"target":1}\n\n{"id":3,"text":null,"target":0}\n{"id":4,"text":"d","target":1}\n',
);

const JSON_ARRAY = buffers(
  '[{"id":1,"text":"a\\nb","target":1.0},\n {"text":"🔥","id":12345678901234567890},{"id":3,"text":null,"k":[1,{"a":1e400}]}]',
  '{"id":1,"text":"a"}\n{"id":2,"text":"b"}\n',
);

function tableReaders(): readonly Reader[] {
  return (
    [
      ['csv', CSV, 'table'],
      ['tsv', TSV, 'table'],
      ['jsonl', JSONL, 'jsonl'],
      ['json', JSON_ARRAY, 'json'],
    ] as const
  ).map(([format, seeds, syntax]) => ({
    name: format,
    syntax,
    seeds,
    file: `x.${format}`,
    read: async (bytes) => checkTable(await parseTable(bytes, `x.${format}`, format)),
  }));
}

/** Tables in files that are no text: unpacked, decoded, or read by a library. Files are named, because the ending says what they are. */
function binaryReaders(folder: string): readonly Reader[] {
  const parquet = ['small-snappy', 'small-gzip', 'small-zstd'].map((name) =>
    readFileSync(join(root, 'test/fixtures/tables', `${name}.parquet`)),
  );
  const zip = zipSync({ 'x.csv': CSV[0]! }, { level: 6 });
  const kinds: readonly (readonly [ending: string, seeds: readonly Buffer[], options: ReadOptions])[] = [
    ['csv.gz', CSV.map((text) => gzipSync(text)), {}],
    ['csv.zip', [Buffer.from(zip), Buffer.from(zipSync({ 'x.csv': [CSV[1]!, { level: 0 }] }))], {}],
    ['parquet', parquet, {}],
    [
      'utf16.csv',
      CSV.map((text) => Buffer.from(`\ufeff${text.toString('utf8').replace(/^\ufeff/, '')}`, 'utf16le')),
      { encoding: 'utf-16' },
    ],
    ['sjis.csv', buffers('id,text\n1,a\n2,b\n'), { encoding: 'shift_jis' }],
  ];
  return kinds.map(([ending, seeds, options]) => {
    const path = join(folder, `x.${ending}`);
    return {
      name: ending,
      syntax: 'bytes',
      seeds,
      file: path,
      read: async (bytes) => checkRows(await readTable({ path: written(path, bytes), ...options })),
    };
  });
}

/** The law that holds for all of them: rows as wide as the header, and a writer that gives the same table again. */
async function checkRows({ columns, rows }: Table): Promise<void> {
  ok(rows.length > 0 && rows.every((row) => row.length === columns.length));
  const again = await parseTable(Buffer.from(writeCsv(columns, rows)), 'again.csv', 'csv');
  deepStrictEqual([again.columns, again.rows], [columns, rows]);
}

/** Every row is as wide as the header, starts after the one before, and is the same when it is written and read again. */
async function checkTable(table: Table): Promise<void> {
  const { columns, rows, lines } = table;
  ok(rows.length > 0 && lines.length === rows.length);
  ok(rows.every((row) => row.length === columns.length));
  ok(lines.every((line, i) => line >= (lines[i - 1] ?? 1)));
  const again = await parseTable(Buffer.from(writeCsv(columns, rows)), 'again.csv', 'csv');
  deepStrictEqual([again.columns, again.rows], [columns, rows]);
}

const IDS = ['0', '2', '3', '9', '11'];

/** A sample submission: what is built after it has its columns and passes its own check. */
function sampleSubmission(): Reader {
  return {
    name: 'sample submission',
    syntax: 'table',
    seeds: buffers(
      'id,target\n0,0\n2,0\n3,0\n9,0\n11,0\n',
      'id,target\n11,0.5\n9,0.5\n3,0.5\n2,0.5\n0,0.5\n',
      'id,no,yes\n0,0.5,0.5\n2,0.5,0.5\n3,0,1\n9,1,0\n11,0,1\n',
    ),
    file: 'sample.csv',
    async read(bytes) {
      const sample = await parseTable(bytes, 'sample.csv', 'csv');
      const [task, predictions] = [classification(['no', 'yes']), { width: 1, numbers: Float64Array.of(0.1, 0.2, 0.5, 0.7, 1) }];
      const { columns, rows } = buildSubmission(sample, { file: 'predictions.csv', ids: IDS }, 'id', (own) =>
        task.submissionValues(predictions, own),
      );
      checkSubmission(await parseTable(Buffer.from(writeCsv(columns, rows)), 'submission.csv', 'csv'), sample, 'id');
    },
  };
}

/** A training table: one label a row, each a class that there is. */
function examples(): Reader {
  return {
    name: 'training table',
    syntax: 'table',
    seeds: CSV,
    file: 'train.csv',
    async read(bytes) {
      const { ids, texts, labels, classes } = labelledExamples(await parseTable(bytes, 'train.csv', 'csv'), {
        id: 'id',
        text: 'text',
        target: 'target',
      });
      ok(ids.length === labels.length && texts.length === labels.length && new Set(ids).size === ids.length);
      ok(classes.length > 1 && labels.every((label) => label >= 0 && label < classes.length));
    },
  };
}

/** What `predict` reads from stdin. */
function stdinTexts(): Reader {
  return {
    name: 'stdin',
    syntax: 'jsonl',
    seeds: [...buffers('Flood on Mill Lane\ncalm 🔥\r\n\nlast'), ...JSONL],
    file: 'stdin',
    async read(bytes) {
      const { ids, texts } = await textsOf(bytes, [{ id: 'id', text: 'text' }], { onNotice: () => {} });
      ok(texts.length > 0 && texts.length === ids.length);
      ok(texts.every((text) => typeof text === 'string' && !/\p{Cs}/u.test(text)));
    },
  };
}

const shipped = (name: string): Buffer => readFileSync(join(root, 'configs', name));

/** A configuration: the complete one that is written for the run reads as the same experiment. */
function experimentFile(folder: string): Reader {
  const path = join(folder, 'experiment.yaml');
  const complete = join(folder, 'complete.yaml');
  return {
    name: 'configuration',
    syntax: 'yaml',
    seeds: [
      shipped('quickstart.yaml'),
      shipped('base/disaster-tweets.yaml'),
      Buffer.from(toYaml(loadExperiment(join(root, 'configs/quickstart.yaml')).experiment)),
    ],
    file: path,
    read(bytes) {
      const { experiment } = loadExperiment(written(path, bytes));
      const text = toYaml(experiment);
      const again = loadExperiment(written(complete, Buffer.from(text))).experiment;
      deepStrictEqual(again, experiment);
      strictEqual(toYaml(again), text);
    },
  };
}

/** A value of `--set`. */
function override(): Reader {
  const config = join(root, 'configs/quickstart.yaml');
  return {
    name: '--set',
    syntax: 'yaml',
    seeds: buffers(
      'training.optimizer.lr=0.1',
      'model.head={ dense: [64, 8], dropout: 0.2 }',
      'training.schedule={ name: constant }',
      'tracking.mlflow={}',
      'split.only=[0, 1]',
    ),
    file: '--set',
    read(bytes) {
      const { experiment } = loadExperiment(config, { set: [bytes.toString('utf8')] });
      ok(toYaml(experiment).length > 0);
    },
  };
}

/** A pipeline: at least one stage, none twice. */
function pipelineFile(folder: string): Reader {
  const path = join(folder, 'pipeline.yaml');
  return {
    name: 'pipeline',
    syntax: 'yaml',
    seeds: [readFileSync(join(root, 'pipelines/text-classification.yaml'))],
    file: path,
    read(bytes) {
      const { name, stages } = loadPipeline(written(path, bytes));
      strictEqual(typeof name, 'string');
      ok(stages.length > 0 && new Set(stages.map(({ stage }) => stage)).size === stages.length);
    },
  };
}
