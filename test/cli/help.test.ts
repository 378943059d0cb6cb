import { afterEach, expect, it, vi } from 'vitest';
import { carryOut } from '../../src/cli/program.ts';

const { isTTY, columns: width } = process.stdout;

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { isTTY, columns: width });
});

/** What a terminal of so many columns shows. */
async function helpAt(columns: number, ...argv: readonly string[]): Promise<string> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  Object.assign(process.stdout, { isTTY: true, columns });
  await carryOut([...argv, '--help'], {} as Parameters<typeof carryOut>[1]); // help asks for nothing of the call
  write.mockRestore();
  return written.join('');
}

it.each([[60], [80]])('help at %i columns has no line that a terminal would break', async (columns) => {
  for (const command of [[], ['run'], ['predict'], ['export'], ['init']]) {
    const lines = (await helpAt(columns, ...command)).split('\n');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter(({ length }) => length > columns)).toEqual([]);
  }
});
