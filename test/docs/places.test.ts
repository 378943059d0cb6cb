import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../cli/bin.ts';

const files = ['src', 'test', 'bench', 'tools', 'pipelines', 'configs'].flatMap((folder) => [
  folder,
  ...readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
]);
const code = files.filter((path) => path.endsWith('.ts')).map((path) => readFileSync(join(root, path), 'utf8')).join('\n');

/** Texts in backticks, outside of code blocks. */
function quotedIn(page: string): readonly string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
  return [...new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, quoted]) => quoted!))];
}

describe.each(['docs/architecture.md', 'CONTRIBUTING.md'])('%s', (page) => {
  it('names sources and folders that exist', () => {
    const named = quotedIn(page).filter((quoted) => /^[\w./-]+(\.ts|\/)$/.test(quoted) && !quoted.startsWith('artifacts/'));
    expect(named.length).toBeGreaterThan(20);
    const isThere = (quoted: string): boolean => files.some((path) => `/${path}`.endsWith(`/${quoted.replace(/\/$/, '')}`));
    expect(named.filter((quoted) => !isThere(quoted))).toEqual([]);
  });

  it('names functions and types that are in the sources', () => {
    const named = quotedIn(page).flatMap((quoted) => /^([a-z]+[A-Z]\w*|[A-Z][a-z]\w+)$/.exec(quoted)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });
});
