import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { againstHub } from './hub.ts';
import { hubCases } from './hub-cases.ts';
import { againstTracking, trackingCases } from './mlflow.ts';

/** The quick ones that matter most; `npm run test:slow` and `npm run torture` meet them all. */
const HUB = [
  'a hub that is none the worse',
  'a small file that never ends',
  'a small file of a terabyte',
  'a byte a request',
  'a redirect to another server, which says it is a cache',
  'a login page for everything',
  'a commit that leads out of the cache',
  '401',
  '429',
  'the token in an error',
];
const TRACKING = [
  'a heavy refusal, 0',
  'the answer null',
  'the answer {"experiment":null}',
  'an answer without end',
  'a login page',
  'the password in an error',
];
const folder = temporaryFolder();

it.each(HUB)('fetching a model from a hub with %s', async (name) => {
  const found = hubCases.find((each) => each.name === name);
  expect(found && (await againstHub(found, join(folder, `hub ${name.replaceAll('/', '')}`)))).toEqual([]);
});

it.each(TRACKING)('sending a run to a server with %s', async (name) => {
  const found = trackingCases.find((each) => each.name === name);
  expect(found && (await againstTracking(found, join(folder, `mlflow ${name.length} ${TRACKING.indexOf(name)}`)))).toEqual([]);
});
