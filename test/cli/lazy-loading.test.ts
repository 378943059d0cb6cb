import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './bin.ts';

const src = join(root, 'src');

/** Every module that is loaded with one, by static imports of values; what `import()` names waits for its use. */
function loadedWith(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(join(src, path), 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:\{([^}]*)\}|[\w*][^'"]*?)\s*from\s*'([^']+)'/gm)];
  for (const [, names, module = ''] of imports) {
    const isTypesOnly = names !== undefined && names.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
    if (module.startsWith('.') && !isTypesOnly) loadedWith(relative(src, join(src, dirname(path), module)).replaceAll('\\', '/'), seen);
    else if (!isTypesOnly && !module.startsWith('.')) seen.add(module);
  }
  return seen;
}

test('help loads the definitions of commands, and nothing of what they do', () => {
  const loaded = [...loadedWith('cli/program.ts')];
  expect(loaded).toContain('cli/commands/predict.ts');
  expect(loaded.filter((path) => path.endsWith('.ts') && !path.startsWith('cli/')).toSorted()).toEqual([
    'core/errors.ts',
    'core/package.ts',
    'core/secrets.ts',
  ]);
  expect(loaded.filter((path) => path.startsWith('cli/') && !path.startsWith('cli/commands/')).toSorted()).toEqual(
    ['arguments', 'command', 'options', 'program', 'shared-options'].map((name) => `cli/${name}.ts`),
  );
  expect(loaded.filter((path) => !path.endsWith('.ts')).toSorted()).toEqual(['commander', 'node:fs', 'node:path', 'node:url']);
});
