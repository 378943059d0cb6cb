import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { node, root } from '../cli/bin.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

/** A folder of somebody else's, with nothing in it but what npm puts there. */
const project = temporaryFolder();
const installed = join(project, 'node_modules/ortrain');
const pipeline = join(installed, 'bin/pipeline.js');
const MINUTES = 60_000;

const npm = (args: readonly string[], cwd: string): ReturnType<typeof node> => {
  const cli = process.env['npm_execpath'] ?? join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js');
  return node([cli, ...args], { cwd });
};

beforeAll(async () => {
  const { stdout, stderr, code } = await npm(['pack', '--json', '--pack-destination', project], root);
  expect(code, stderr).toBe(0);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: readonly { readonly path: string }[] }];
  writeFileSync(join(project, 'files.json'), JSON.stringify(files.map(({ path }) => path)));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const install = await npm(['install', '--ignore-scripts', '--prefer-offline', join(project, filename)], project);
  expect(install.code, install.stderr).toBe(0);
}, 10 * MINUTES);

/** What the TypeScript compiler says of sources in the project. */
async function compiled(sources: readonly string[], ...options: readonly string[]): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const strict = ['--target', 'es2022', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const { stdout } = await node([tsc, ...sources, ...strict, ...types, ...options], { cwd: project });
  return stdout;
}

describe('the packed package', () => {
  it('ships what it needs and nothing else', () => {
    const paths = JSON.parse(readFileSync(join(project, 'files.json'), 'utf8')) as readonly string[];
    const tops = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'bin', 'configs', 'dist', 'docs', 'examples', 'package.json', 'pipelines'];
    expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(new Set(tops));
    const needed = [
      'bin/pipeline.js',
      'dist/cli/main.js',
      'dist/config/validators.cjs',
      'dist/engine/index.js',
      'dist/engine/index.d.ts',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/runner/classifier/classifier-worker.js',
      'dist/runner/workers/worker-main.js',
      'dist/runner/workers/worker-process.js',
    ];
    expect(paths).toEqual(expect.arrayContaining(needed));
    const { bin, repository, homepage, keywords, author } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(bin).toEqual({ ortrain: 'bin/pipeline.js', pipeline: 'bin/pipeline.js' });
    for (const field of [repository, homepage, keywords, author]) expect(field).toBeTruthy();
  });

  it('runs the quickstart that init copies, and deletes the run', async () => {
    const copied = await node([pipeline, 'init', '--example', 'quickstart'], { cwd: project });
    expect(copied.stdout).toContain('pipeline run configs/quickstart.yaml');
    const again = await node([pipeline, 'init', '--example', 'quickstart'], { cwd: project });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('already exists and is not overwritten')]);

    const { code, stderr, stdout } = await node([pipeline, 'run', 'configs/quickstart.yaml', '--json', '--quiet'], { cwd: project });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).runs).toHaveLength(1);
    const run = join(project, 'artifacts/runs/quickstart');
    expect(readFileSync(join(run, 'submission.csv'), 'utf8').split('\n')).toHaveLength(202);
    // Painter and font are found where npm has put them.
    expect(existsSync(join(run, 'figures/roc.png'))).toBe(true);
    // ortrain is the same program under the name that it has everywhere.
    const deleted = await node([join(project, 'node_modules/.bin/ortrain'), 'delete', 'quickstart', '--with-cache', '--yes'], {
      cwd: project,
    });
    expect([deleted.code, existsSync(run)]).toEqual([0, false]);
  });

  it('sweeps from the copied example', async () => {
    const { code, stdout } = await node([pipeline, 'sweep', 'configs/sweeps/quickstart-heads.yaml', '--dry-run'], { cwd: project });
    expect([code, stdout]).toEqual([0, expect.stringContaining('quickstart-heads · 4 experiments')]);
  });

  it('is a library whose types stand on their own', async () => {
    const source = `
      import { fromOnnx, graphBuilder, print, toOnnx, type Graph } from 'ortrain/engine';
      const g = graphBuilder('twice');
      const x = g.input('x', 'float32', ['B']);
      g.output('y', g.Add(x, x));
      const { graph }: { readonly graph: Graph } = await fromOnnx(await toOnnx(g.build()));
      // @ts-expect-error: an operator's inputs are checked
      const wrong = (): unknown => g.MatMul(x);
      console.log(print(graph), typeof wrong);
    `;
    writeFileSync(join(project, 'use.ts'), source);
    expect(await compiled(['use.ts'], '--module', 'nodenext')).toBe('');
    const { stdout } = await node([join(project, 'use.js')], { cwd: project });
    expect(stdout).toContain('Add_0: float32[B] = Add(x, x)');
  });

  it('has examples of the package for programs, which compile and run as they are', async () => {
    for (const file of readdirSync(join(root, 'examples/library'))) copyFileSync(join(root, 'examples/library', file), join(project, file));
    const sources = ['experiment.ts', 'train.ts', 'classify.ts'];
    expect(await compiled(sources, '--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit')).toBe('');
    expect(await compiled(sources, '--module', 'nodenext')).toBe('');
    const printed: Record<string, string> = {};
    for (const name of ['train', 'classify', 'progress', 'stop']) {
      const { code, stdout, stderr } = await node([join(project, `${name}.js`)], { cwd: project });
      expect([name, code, stderr]).toEqual([name, 0, '']);
      printed[name] = stdout;
    }
    expect(printed['train']).toMatch(/^900 rows, \d findings\nmessages in .*messages: accuracy 0\.\d+\n$/);
    expect(printed['classify']).toMatch(/^2 models, accuracy 0\.\d+, texts of up to 64 tokens\n[01] \(\d+\.\d %\): The river/);
    expect(printed['progress']).toMatch(/train\[0\] \[#\.\] epoch 1, f1 0\.\d{3}\n[^]*done in/);
    expect(printed['stop']).toMatch(/^stopped: [^]*\nresumed: [1-9]/);
  });

  it('says how to install the runtime where npm has left it out', async () => {
    rmSync(join(project, 'node_modules/onnxruntime-node'), { recursive: true });
    const help = await node([pipeline, '--help'], { cwd: project });
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('Usage: pipeline')]);
    const run = await node([pipeline, 'run', 'configs/quickstart.yaml'], { cwd: project });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('npm install onnxruntime-node@1.30.0 --ignore-scripts');
    const doctor = await node([pipeline, 'doctor'], { cwd: project });
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining('onnxruntime-node is not installed')]);
    // Last, for the other tests need it.
    const healed = await npm(['install', '--ignore-scripts', '--prefer-offline', 'onnxruntime-node@1.30.0'], project);
    expect(healed.code, healed.stderr).toBe(0);
    const check = await node([pipeline, 'run', 'configs/quickstart.yaml', '--until', 'tokenize', '--quiet'], { cwd: project });
    expect(check.code, check.stderr).toBe(0);
  });
});
