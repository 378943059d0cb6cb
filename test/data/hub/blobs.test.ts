import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { throwIfBlobChanged } from '../../../src/data/hub/blobs.ts';
import { flipBit } from '../../helpers/damage.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const folder = temporaryFolder();
const content = Buffer.from('{"model_type": "bert"}');
const hash = (algorithm: string, header = ''): string => createHash(algorithm).update(header).update(content).digest('hex');

it.each([
  ['its SHA-256', hash('sha256'), true],
  ["Git's name for it", hash('sha1', `blob ${content.byteLength}\0`), true],
  ['its SHA-1', hash('sha1'), true],
  ['something else', 'etag-12', false],
])('a file of the hub’s cache that is called after %s is read only as long as it is what was fetched', async (what, name, isChecked) => {
  const repository = join(folder, what, 'models--a--b');
  const [blob, file] = [join(repository, 'blobs', name), join(repository, 'snapshots', 'c', 'config.json')];
  for (const below of ['blobs', 'snapshots/c']) mkdirSync(join(repository, below), { recursive: true });
  writeFileSync(blob, content);
  symlinkSync(join('..', '..', 'blobs', name), file);
  await throwIfBlobChanged([file]);
  flipBit(blob);
  const again = throwIfBlobChanged([file]);
  await (isChecked
    ? expect(again).rejects.toMatchObject({ code: 'data', subject: file, remedy: expect.stringContaining(blob) as string })
    : again);
});
