import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { againstHub } from './hub.ts';
import { hubCases } from './hub-cases.ts';

const folder = temporaryFolder();

it.each(hubCases.map((each, i) => ({ each, i, name: each.name })))('fetching a model from a hub with $name', async ({ each, i }) => {
  expect(await againstHub(each, join(folder, String(i)))).toEqual([]);
});
