import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import { openTerminal } from '../../src/cli/terminal.ts';
import { loadExperiment, pathOf } from '../../src/config/index.ts';
import { readTrainExamples } from '../helpers/class-examples.ts';
import { node, pipeline } from './bin.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The one JSON document that stdout has to be. */
function document(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('help', () => {
  test('lists every command and flag, on stdout', async () => {
    const { code, stdout, stderr } = await pipeline(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of [
      'run',
      'plan',
      'check',
      'init',
      'runs',
      'show',
      'compare',
      'predict',
      'schema',
      'doctor',
      '--set',
      '--device',
      '--artifacts',
      '--json',
      '--quiet',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
    }
  });

  /**
   * The promise is 0.3 s on a machine that has nothing else to do. Here others work beside us, so the time is measured in
   * starts of node itself under the same load: a bare one takes 0.05 s, and six of them are the promise.
   */
  test('is there before one could wonder', async () => {
    const ratios: number[] = [];
    for (let round = 0; round < 3; round += 1) ratios.push((await pipeline(['--help'])).seconds / (await node(['-e', '0'])).seconds);
    expect(Math.min(...ratios)).toBeLessThan(6);
  });
});

describe('a command line that makes no sense is a usage error with the nearest right word', () => {
  const call = {
    terminal: openTerminal({ json: false, quiet: false }),
    commandLine: [],
    takeInterrupts: () => new AbortController().signal,
  };

  test.each([
    [['rnu', 'a.yaml'], "unknown command 'rnu'", 'Did you mean run?'],
    [['run', '--devise', 'cpu', 'a.yaml'], "unknown option '--devise'", 'Did you mean --device?'],
    [['run', 'a.yaml', '--untill', 'train'], "unknown option '--untill'", 'Did you mean --until?'],
    [['run'], "missing required argument 'config'", 'pipeline run --help'],
    [['predict', '--run', 'x'], "required option '--input <file>' not specified", 'pipeline predict --help'],
    [['predict', '--run', 'x', '--inptu', 'y'], "unknown option '--inptu'", 'Did you mean --input?'],
    [['cache', 'prunne'], "too many arguments for 'cache'", 'Did you mean pipeline cache prune?'],
    [['help', 'rnu'], "unknown command 'rnu'", 'pipeline --help'],
    [['--device', 'cpu', 'runs', 'x'], 'too many arguments', 'pipeline runs --help'],
    [['run', 'a.yaml', '--device', 'gpu'], "argument 'gpu' is invalid. Allowed choices are auto, cpu, cuda, webgpu", 'pipeline run --help'],
    [['runs', 'x'], 'too many arguments', 'pipeline runs --help'],
    [['run', 'a.yaml', 'b.yaml', '--name', 'x'], '--name x would name 2 runs', 'with one configuration'],
    [['plan', 'a.yaml', 'b.yaml', '--name', 'x'], '--name x would name 2 runs', 'with one configuration'],
  ])('pipeline %j', async (args, message, remedy) => {
    await expect(runCommandLine(args, call)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    });
  });

  test('and ends with exit code 2 and nothing on stdout', async () => {
    const { code, stdout, stderr } = await pipeline(['rnu', 'a.yaml']);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: "error: unknown command 'rnu'\nwhat to do: Did you mean run? Else see pipeline --help.\n",
    });
  });

  test('so does no command at all, with the help', async () => {
    const { code, stdout, stderr } = await pipeline([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: pipeline');
  });

  test('with --json the error is the one document on stdout', async () => {
    const { code, stdout, stderr } = await pipeline(['show', '--json']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(document(stdout)).toMatchObject({ error: { code: 'usage', message: "missing required argument 'run'" } });
  });
});

describe('configurations that cannot be used end with 2', () => {
  test('all problems of all of them are told at once', async () => {
    writeFileSync(join(folder, 'a.yaml'), 'sead: 1\ntraining: { epochs: ten }\n');
    writeFileSync(join(folder, 'b.yaml'), 'model: { bsae: x }\n');
    const { code, stdout, stderr } = await pipeline(['check', 'a.yaml', 'b.yaml', 'c.yaml'], { cwd: folder });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('3 of 3 configurations cannot be used');
    for (const part of ['a.yaml:1:1', 'did you mean seed?', 'a.yaml:2:21', 'b.yaml:1:10', 'did you mean base?', 'c.yaml does not exist'])
      expect(stderr).toContain(part);
    expect(stderr).not.toContain('\u001b');
  });

  test('nothing is written before everything is right', async () => {
    const { code } = await pipeline(['run', 'a.yaml'], { cwd: folder });
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'artifacts'))).toBe(false);
  });

  test('problems come with --json as data', async () => {
    const { code, stdout } = await pipeline(['plan', 'a.yaml', '--json'], { cwd: folder });
    expect(code).toBe(2);
    const { error } = document(stdout) as { error: { code: string; problems: readonly { line: number; suggestion?: string }[] } };
    expect(error.code).toBe('config');
    expect(error.problems).toContainEqual(expect.objectContaining({ line: 1, suggestion: 'seed' }));
  });
});

describe('check', () => {
  test('says what a good experiment has, and what is worth knowing about its data', async () => {
    const { code, stdout, stderr } = await pipeline(['check', 'configs/quickstart.yaml', 'configs/quickstart.yaml']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`\
configs/quickstart.yaml  OK  900 rows of 2 classes, 200 test rows
  info     2 more training rows repeat an earlier text once case, spaces and web addresses are set aside; split.group_by: text does not hold these together
           train rows 73, 418: "sirens in that bass line get me every time, i keep checking the mirror lol"
           train rows 206, 458: "good morning Pinefield, coffee first"
  info     the classes are "0" 53.3 %, "1" 46.7 %; always predicting "0" is right in 53.3 % of the rows
  info     no text is cut: the longest has 62 tokens, and model.max_seq_length is 64
  info     6.5 % of what training computes is padding; with training.batching: shuffled it would be 48.1 %, with training.padding: max it would be 64.2 %
configs/quickstart.yaml  OK  900 rows of 2 classes, 200 test rows
  findings as for configs/quickstart.yaml
`);
  });

  test('puts warnings first, harmless in a terminal, and goes on without a model; with --json they are data', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i < 4 ? '"\u001b[31mred"' : `text ${i}`},${i % 2}`);
    writeFileSync(join(folder, 'repeats.csv'), `id,text,target\n${rows.join('\n')}\n`);
    const set = [
      `data.train=${join(folder, 'repeats.csv')}`,
      'data.test=null',
      'data.sample_submission=null',
      'model.base=nobody/has-this-model',
    ].flatMap((value) => ['--set', value]);
    const { code, stdout } = await pipeline(['check', 'configs/quickstart.yaml', ...set]);
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n').filter((line) => /^ {2}\w/.test(line)).map((line) => line.slice(0, 45))).toEqual([
      '  warning  3 training rows repeat the text of',
      '  warning  1 text has different classes in di',
      '  info     the classes are "0" 50.0 %, "1" 50',
      '  info     the model is not on this machine y',
    ]);
    const { checked } = document((await pipeline(['check', 'configs/quickstart.yaml', ...set, '--json'])).stdout) as {
      checked: readonly { rows: number; findings: readonly unknown[] }[];
    };
    expect(checked).toMatchObject([
      {
        rows: 40,
        findings: [
          { severity: 'warning', code: 'duplicate-texts', count: 3, examples: [{ table: 'train', rows: [1, 2, 3, 4] }] },
          {},
          {},
          { code: 'no-tokenizer' },
        ],
      },
    ]);
  });

  test('finds what is wrong in every table, not only in the first', async () => {
    writeFileSync(join(folder, 'train.csv'), 'id,text,target\n1,one,0\n2,two,\n3,three,1\n4,four,1\n5,five,0\n');
    writeFileSync(join(folder, 'sample.csv'), 'id,target\n77,0\n');
    const set = ['--set', `data.train=${join(folder, 'train.csv')}`, '--set', `data.sample_submission=${join(folder, 'sample.csv')}`];
    const { code, stdout, stderr } = await pipeline(['check', 'configs/quickstart.yaml', ...set]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('train.csv:3 (row 2, column target)  the target is empty');
    expect(stderr).toMatch(/the id "2" is not in .*sample\.csv/);
  });
});

describe('init', () => {
  test('writes a configuration that loads and reads its data, and never writes over a file', async () => {
    const data = join(folder, 'data', 'tiny tweets');
    mkdirSync(data, { recursive: true });
    const rows = Array.from({ length: 12 }, (_, i) => `${i},"a message, number ${i}",${i % 3 === 0 ? 'yes' : 'no'}`);
    writeFileSync(join(data, 'train.csv'), `id,tweet,label\n${rows.join('\n')}\n`);
    writeFileSync(join(data, 'test.csv'), 'id,tweet\n90,what is this\n');
    const first = await pipeline(['init', join('data', 'tiny tweets', 'train.csv')], { cwd: folder });
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    const written = join(folder, 'configs', 'tiny-tweets.yaml');
    const { experiment } = loadExperiment(written);
    expect(experiment).toMatchObject({ name: 'tiny-tweets', data: { id: 'id', text: 'tweet', target: 'label', sample_submission: null } });
    expect(experiment.data.test).toBe(join('data', 'tiny tweets', 'test.csv'));
    expect((await readTrainExamples(join(folder, pathOf(experiment.data.train)), experiment.data)).classes).toEqual(['no', 'yes']);

    const before = readFileSync(written, 'utf8');
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(before) ?? [];
    expect(JSON.parse(readFileSync(join(folder, 'configs', schema), 'utf8'))).toMatchObject({ title: 'ortrain experiment' });
    const second = await pipeline(['init', join('data', 'tiny tweets', 'train.csv')], { cwd: folder });
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('already exists and is not overwritten');
    expect(readFileSync(written, 'utf8')).toBe(before);
  });

  test('asks where it cannot know', async () => {
    writeFileSync(
      join(folder, 'two.csv'),
      `text,a,b\n${Array.from({ length: 8 }, (_, i) => `message ${i},${i % 2},${i % 3}`).join('\n')}\n`,
    );
    const { code, stderr } = await pipeline(['init', 'two.csv'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain('--target; it could be "a" or "b"');
    const same = await pipeline(['init', 'two.csv', '--text', 'text', '--target', 'text'], { cwd: folder });
    expect(same.code).toBe(2);
    expect(same.stderr).toContain('--text and --target name the same column, "text"');
    expect(existsSync(join(folder, 'configs', 'two.yaml'))).toBe(false);
  });
});

test('runs says so where there are none', async () => {
  const { code, stdout } = await pipeline(['runs', '--artifacts', join(folder, 'none')]);
  expect(code).toBe(0);
  expect(stdout).toContain('no runs yet');
});

test('an empty name is no artifacts folder', async () => {
  const { code, stderr } = await pipeline(['runs', '--artifacts', '']);
  expect(code).toBe(2);
  expect(stderr).toContain('It names no folder.');
});

test('schema prints the JSON Schema of a configuration, the same with --json', async () => {
  const [text, json] = [await pipeline(['schema']), await pipeline(['schema', '--json'])];
  expect(document(text.stdout)).toEqual(document(json.stdout));
  expect(document(text.stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', additionalProperties: false });
});

test('doctor computes on every device, and gives a remedy where something is not as it could be', async () => {
  const { code, stdout } = await pipeline(['doctor', '--json']);
  expect(code).toBe(0);
  const { findings } = document(stdout) as {
    findings: readonly { subject: string; state: string; found: string; remedy: string | null }[];
  };
  expect(findings.find(({ subject }) => subject === 'cpu')).toMatchObject({
    state: 'ok',
    found: expect.stringMatching(/^onnxruntime \d.* computes on it$/),
  });
  for (const device of ['cuda', 'webgpu'])
    expect(findings.find(({ subject }) => subject === device)?.found).toMatch(/^computes on |CUDA|Vulkan|GPU/);
  expect(findings.find(({ subject }) => subject === 'auto')?.found).toMatch(/^--device auto takes (cpu|cuda|webgpu)$/);
  for (const { state, remedy } of findings) expect(state !== 'ok').toBe(remedy !== null);
});
