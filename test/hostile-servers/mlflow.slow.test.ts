import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { againstTracking, trackingCases } from './mlflow.ts';

const folder = temporaryFolder();

it.each(trackingCases.map((each, i) => ({ each, i, name: each.name })))('sending a run to a server with $name', async ({ each, i }) => {
  expect(await againstTracking(each, join(folder, String(i)))).toEqual([]);
});
