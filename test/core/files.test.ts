import { linkSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moveIntoPlace, placeFile, removeLeftovers, temporaryBeside, writeFileAtomic } from '../../src/core/files.ts';
import { ownerName, thisProcess } from '../../src/core/owner.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();

describe('files', () => {
  it('are written whole, from one piece or several, and leave nothing else', () => {
    const path = join(folder, 'written', 'a.txt');
    writeFileAtomic(path, 'old');
    writeFileAtomic(path, [Buffer.from('n'), Buffer.from('ew')]);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(join(folder, 'written'))).toEqual(['a.txt']);
  });

  it('are placed again, where they already are links to the same content, without a trace', () => {
    const [source, target] = [join(folder, 'big'), join(folder, 'placed', 'big')];
    writeFileSync(source, Buffer.alloc(2 ** 20));
    placeFile(source, target);
    placeFile(source, target);
    expect(readdirSync(join(folder, 'placed'))).toEqual(['big']);
  });

  it('under temporary names are removed once their process is dead', () => {
    const own = temporaryBeside(join(folder, 'left', 'deep', 'a'));
    const name = ownerName(thisProcess());
    const dead = own.replace(name, name.replace(/^\d+/, String(2 ** 22 + 1)));
    mkdirSync(join(folder, 'left', 'deep'), { recursive: true });
    for (const path of [own, dead]) writeFileSync(path, '');
    linkSync(own, join(folder, 'left', 'deep', 'kept.tmp'));
    removeLeftovers(join(folder, 'left'), () => []);
    expect(
      readdirSync(join(folder, 'left', 'deep'))
        .map((file) => join(folder, 'left', 'deep', file))
        .sort(),
    ).toEqual([own, join(folder, 'left', 'deep', 'kept.tmp')].sort());
  });
});

describe('a finished folder', () => {
  it('stays away where another process was there first', () => {
    for (const name of ['theirs', 'ours']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'who'), name);
      moveIntoPlace(join(folder, name), join(folder, 'entries', 'key'));
    }
    expect(readFileSync(join(folder, 'entries', 'key', 'who'), 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).not.toContain('ours');
  });
});
