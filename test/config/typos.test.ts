import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadExperiment, toYaml } from '../../src/config/index.ts';
import { leafPaths } from './leaf-paths.ts';
import { problemsOf, root, workspace } from './workspace.ts';

const experiment = loadExperiment(join(root, 'configs', 'bert-1dense.yaml')).experiment;

interface Attempt {
  readonly text: string;
  readonly typo: string;
  readonly right: string;
  readonly place: string;
}

/** Each key of the complete configuration in turn, every other key in its place. */
function* amongAllKeys(next: (below: number) => number): Generator<Attempt> {
  const lines = toYaml(experiment).split('\n');
  for (const [index, line] of lines.entries()) {
    const [, indent = '', right] = /^( *)(\w+):/.exec(line) ?? [];
    if (right === undefined) continue;
    const typo = misspelt(right, next);
    yield {
      text: lines.with(index, line.replace(`${right}:`, `${typo}:`)).join('\n'),
      typo,
      right,
      place: `${index + 1}:${indent.length + 1}`,
    };
  }
}

/** One key of each path, in a file that holds this path only. */
function* alone(next: (below: number) => number): Generator<Attempt> {
  for (const leaf of leafPaths()) {
    const keys = leaf.split('.');
    const at = next(keys.length);
    const right = keys[at] ?? '';
    const typo = misspelt(right, next);
    const value = keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], experiment);
    const lines = keys.map(
      (key, depth) =>
        `${'  '.repeat(depth)}${depth === at ? typo : key}:${depth === keys.length - 1 ? ` ${JSON.stringify(value ?? 1)}` : ''}`,
    );
    yield { text: ['extends: bert-1dense.yaml', ...lines].join('\n'), typo, right, place: `${at + 2}:${2 * at + 1}` };
  }
}

test.each([
  ['among all keys', amongAllKeys],
  ['alone', alone],
])('the right name comes first for at least 95 of 100 mistyped keys %s', (_where, attempts) => {
  const file = join(workspace(), 'mistyped.yaml');
  const next = draws(20_240_607);
  const misses: string[] = [];
  let count = 0;
  for (let round = 0; count < 100; round += 1) {
    for (const { text, typo, right, place } of attempts(next)) {
      writeFileSync(file, text);
      count += 1;
      const problem = problemsOf(file).find(({ line, column }) => `${line}:${column}` === place);
      if (problem?.suggestion !== right) misses.push(`${right} as ${typo}: ${problem?.suggestion}`);
    }
  }
  expect(misses.length / count, misses.join('\n')).toBeLessThanOrEqual(0.05);
});

/** One slip of a finger, or another habit of writing names; never a name that the configuration has. */
function misspelt(name: string, next: (below: number) => number): string {
  const at = next(name.length);
  const letter = String.fromCharCode(97 + next(26));
  const slips = [
    name.slice(0, at) + name.slice(at + 1),
    name.slice(0, at) + name.charAt(at) + name.slice(at),
    name.slice(0, at) + letter + name.slice(at + 1),
    name.slice(0, at) + letter + name.slice(at),
    name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2),
    name.replace(/_(\w)/g, (_match, first: string) => first.toUpperCase()),
    name.replaceAll('_', '-'),
    name.charAt(0).toUpperCase() + name.slice(1),
  ];
  const slip = slips[next(slips.length)] ?? '';
  const known = leafPaths().some((path) => path.split('.').includes(slip));
  return slip.length < 2 || known || /^(?:on|no|null|true|y|n)$/.test(slip) ? misspelt(name, next) : slip;
}

/** Numbers below a bound, the same ones every time (Lehmer's generator). */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}
