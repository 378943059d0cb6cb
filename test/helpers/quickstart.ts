import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { loadExperiment, type LoadedExperiment } from '../../src/config/index.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fresh folder that is removed when the file's tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The quickstart, made small enough for a test: two folds of one epoch on one thread. */
export function smallQuickstart(...set: readonly string[]): Promise<LoadedExperiment> {
  return Promise.resolve(
    loadExperiment(join(root, 'configs/quickstart.yaml'), {
      set: ['split.folds=2', 'training.epochs=1', 'resources.threads=1', 'model.max_seq_length=32', ...set],
    }),
  );
}
