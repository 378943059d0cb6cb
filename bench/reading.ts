import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding, Measurement, Setting } from './measurement.ts';
import { median } from './turns.ts';

/** What reading a checkpoint took. */
export interface Reading {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the whole process, the weights included. */
  readonly peakMegabytes: number;
  readonly numbers: number;
}

const turns = 5;

/** Reading the same weights from each form of checkpoint, a process for each, in turn. */
export function measureReading(setting: Setting): Measurement | string {
  if (setting.python === undefined) return 'reading is left out. PyTorch writes the files for it.';
  if (!existsSync('/proc/self/status')) return 'reading is left out. Peak memory is read from /proc, which this system does not have.';
  return {
    title: 'reading a checkpoint of the size of BERT-base',
    columns: ['form', 'MB', `processor seconds, median of ${turns}`, 'seconds', 'peak MB', 'processor time beside safetensors'],
    findings: findings(setting.python),
  };
}

/** BERT-base without its pooler, in the forms that PyTorch and safetensors write. */
const WRITE = `
import os, sys, torch
from safetensors.torch import save_file
os.chdir(sys.argv[1])
shapes = {'embeddings': (30522, 768), 'positions': (512, 768)}
for i in range(12):
    for name, shape in {'q': (768, 768), 'k': (768, 768), 'v': (768, 768), 'o': (768, 768), 'in': (3072, 768), 'out': (768, 3072)}.items():
        shapes[f'layer.{i}.{name}.weight'] = shape
        shapes[f'layer.{i}.{name}.bias'] = shape[:1]
tensors = {name: torch.randn(shape) for name, shape in shapes.items()}
half = {name: tensor.half() for name, tensor in tensors.items()}
def save(folder, write, name='pytorch_model.bin'):
    os.mkdir(folder)
    write(os.path.join(folder, name))
save('safetensors', lambda path: save_file(tensors, path), 'model.safetensors')
save('bin', lambda path: torch.save(tensors, path))
save('bin, before PyTorch 1.6', lambda path: torch.save(tensors, path, _use_new_zipfile_serialization=False))
save('bin, transposed', lambda path: torch.save({name: t.T.contiguous().T if t.dim() == 2 else t for name, t in tensors.items()}, path))
save('safetensors, float16', lambda path: save_file(half, path), 'model.safetensors')
save('bin, float16', lambda path: torch.save(half, path))
`;
const forms = ['safetensors', 'bin', 'bin, before PyTorch 1.6', 'bin, transposed', 'safetensors, float16', 'bin, float16'];

async function* findings(python: string): AsyncGenerator<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-bench-'));
  try {
    execFileSync(python, ['-c', WRITE, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    const readings = new Map<string, Reading[]>(forms.map((form) => [form, []]));
    for (let turn = 0; turn < turns; turn += 1) for (const form of forms) readings.get(form)?.push(read(join(folder, form)));
    const of = (form: string, figure: (reading: Reading) => number): number =>
      median((readings.get(form) ?? []).map(figure).toSorted((a, b) => a - b));
    for (const form of forms) {
      const beside = form.endsWith('float16') ? 'safetensors, float16' : 'safetensors';
      const cpu = of(form, ({ cpuSeconds }) => cpuSeconds);
      yield [
        form,
        (statSync(join(folder, form, form.startsWith('bin') ? 'pytorch_model.bin' : 'model.safetensors')).size / 1e6).toFixed(0),
        cpu.toPrecision(3),
        of(form, ({ seconds }) => seconds).toPrecision(3),
        of(form, ({ peakMegabytes }) => peakMegabytes).toFixed(0),
        (cpu / of(beside, ({ cpuSeconds }) => cpuSeconds)).toFixed(2),
      ];
    }
    yield 'Every tensor is read into float32 memory of its own, which stays, as when training begins; the files are in the page cache.';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(folder: string): Reading {
  const child = fileURLToPath(new URL('reading-child.ts', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', child, folder], { encoding: 'utf8' })) as Reading;
}
