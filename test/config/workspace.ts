import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { loadExperiment } from '../../src/config/index.ts';
import { OrtrainError, type Problem } from '../../src/core/errors.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with a copy of the shipped experiments, removed after the test. */
export function workspace(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, 'configs', 'base'), join(folder, 'base'), { recursive: true });
  cpSync(join(root, 'configs', 'bert-1dense.yaml'), join(folder, 'bert-1dense.yaml'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export const shipped = (name: string): string => readFileSync(join(root, 'configs', name), 'utf8');

/** The error that loading throws. */
export function refusal(file: string, set: readonly string[] = []): OrtrainError {
  try {
    loadExperiment(file, { set });
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error(`${file} was not refused`);
}

export const problemsOf = (file: string, set: readonly string[] = []): readonly Problem[] => refusal(file, set).problems;

export interface Marked {
  readonly text: string;
  /** `line:column+width` of each marked place, in order. */
  readonly places: readonly string[];
}

/** Takes «marks» out of a text and tells where they stood. */
export function marked(text: string): Marked {
  const places = text.split('\n').flatMap((line, index) => {
    const found: string[] = [];
    for (let rest = line; rest.includes('«'); ) {
      const start = rest.indexOf('«');
      rest = rest.replace('«', '');
      const end = rest.indexOf('»');
      rest = rest.replace('»', '');
      found.push(`${index + 1}:${start + 1}+${Math.max(1, end - start)}`);
    }
    return found;
  });
  return { text: text.replace(/[«»]/g, ''), places };
}

export const placeOf = ({ line, column, width }: Problem): string => `${line}:${column}+${width}`;
