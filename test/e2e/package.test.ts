import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { node, root } from '../cli/bin.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

/** A project that has ortrain among its packages, as npm would install it. */
const project = temporaryFolder();
const installed = join(project, 'node_modules/ortrain');
const tsc = join(root, 'node_modules/typescript/bin/tsc');

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  for (const part of ['package.json', 'README.md', 'bin', 'configs', 'pipelines']) cpSync(join(root, part), join(installed, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
  const built = await node([tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')]);
  expect(built.stdout).toBe('');
});

describe('the built package', () => {
  it('has what it needs and nothing else', async () => {
    const npm = process.env['npm_execpath'] ?? join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js');
    const { stdout } = await node([npm, 'pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: installed });
    const [packed] = JSON.parse(stdout) as readonly { readonly files: readonly { readonly path: string }[] }[];
    const paths = packed?.files.map(({ path }) => path) ?? [];
    expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(new Set(['README.md', 'bin', 'configs', 'dist', 'package.json', 'pipelines']));
    expect(paths).toEqual(expect.arrayContaining(['bin/pipeline.js', 'dist/cli/main.js', 'dist/engine/index.js', 'dist/engine/index.d.ts', 'dist/runner/worker-main.js', 'dist/runner/worker-process.js']));
  });

  it('is a command that trains', async () => {
    const pipeline = join(installed, 'bin/pipeline.js');
    const help = await node([pipeline, '--help'], { cwd: project });
    expect(help.stdout).toContain('Usage: pipeline');
    const small = ['split.folds=2', 'training.epochs=1', 'resources.threads=1', 'model.max_seq_length=16'].flatMap((each) => ['--set', each]);
    const { code, stderr, stdout } = await node([pipeline, 'run', 'configs/quickstart.yaml', '--artifacts', join(project, 'artifacts'), '--json', '--quiet', ...small], { cwd: installed });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).runs).toHaveLength(1);
    // Painter and font are found from where the package is installed.
    expect(existsSync(join(project, 'artifacts/runs/quickstart/figures/roc.png'))).toBe(true);
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
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(project, 'use.ts'), source);
    const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--skipLibCheck', 'false', '--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    const compiled = await node([tsc, join(project, 'use.ts'), ...options], { cwd: project });
    expect(compiled.stdout).toBe('');
    const { stdout } = await node([join(project, 'use.js')], { cwd: project });
    expect(stdout).toContain('Add_0: float32[B] = Add(x, x)');
  });
});
