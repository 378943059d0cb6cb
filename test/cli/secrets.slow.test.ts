import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderError } from '../../src/cli/render/error.ts';
import { trackingServer } from '../../src/tracking/mlflow/server.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { pipeline } from './bin.ts';

/** What nobody may find in a file or a line: as it is, and as it travels. */
const SECRETS = {
  HF_TOKEN: 'hf_plantedTokenOfTheHub',
  MLFLOW_TRACKING_TOKEN: 'planted-token-of-mlflow',
  MLFLOW_TRACKING_USERNAME: 'planted-user',
  MLFLOW_TRACKING_PASSWORD: 'planted-password',
  AWS_SECRET_ACCESS_KEY: 'planted-key-of-aws',
  AWS_SESSION_TOKEN: 'planted-session-of-aws',
  GITHUB_TOKEN: 'planted-token-of-github',
};
const IN_ADDRESS = 'planted-in-address';
const PLANTED = [
  ...Object.values(SECRETS),
  IN_ADDRESS,
  Buffer.from(`${SECRETS.MLFLOW_TRACKING_USERNAME}:${SECRETS.MLFLOW_TRACKING_PASSWORD}`).toString('base64'),
];

const folder = temporaryFolder();
const said: string[] = [];
const heard = new Set<string>();
let server: Server;
let at: string;

/** A server that refuses everything and repeats what it was told, as some proxies do. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const { authorization = '' } = request.headers;
    heard.add(authorization);
    const decoded = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString('utf8');
    response.writeHead(401, { 'content-type': 'application/json', 'x-error-message': authorization });
    response.end(
      JSON.stringify({
        error: `not for ${authorization}`,
        error_code: 'UNAUTHENTICATED',
        message: `not for ${authorization}, that is ${decoded}`,
      }),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

async function command(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly text: string }> {
  const hub = { HF_HOME: join(folder, 'hub'), HF_HUB_CACHE: '', HF_HUB_OFFLINE: '', HF_ENDPOINT: `http://${at}` };
  const mlflow = { MLFLOW_TRACKING_URI: `http://${IN_ADDRESS}:${IN_ADDRESS}@${at}`, MLFLOW_EXPERIMENT_NAME: '', MLFLOW_WORKSPACE: '' };
  const { code, stdout, stderr } = await pipeline([...args, '--artifacts', join(folder, 'artifacts')], {
    env: { ...SECRETS, ...hub, ...mlflow, ...env },
  });
  said.push(stdout, stderr);
  return { code, text: stdout + stderr };
}

const small = [
  'split.only=[0]',
  'split.folds=2',
  'training.epochs=1',
  'resources.threads=1',
  'model.max_seq_length=16',
  'tracking.mlflow={}',
].flatMap((value) => ['--set', value]);

describe('tokens and passwords', () => {
  it('are used, and told to nobody else', { timeout: 180_000 }, async () => {
    const done = await command(['run', 'configs/quickstart.yaml', ...small]);
    expect(done.code, done.text).toBe(0);
    expect((await command(['sync'])).text).toContain('401');
    expect(
      (await command(['sync'], { MLFLOW_TRACKING_USERNAME: '', MLFLOW_TRACKING_PASSWORD: '', MLFLOW_TRACKING_URI: `http://${at}` })).text,
    ).toContain('401');
    expect(
      (
        await command(['sync'], {
          MLFLOW_TRACKING_TOKEN: 'planted-token\nof-mlflow',
          MLFLOW_TRACKING_USERNAME: '',
          MLFLOW_TRACKING_PASSWORD: '',
          MLFLOW_TRACKING_URI: `http://${at}`,
        })
      ).code,
    ).toBeGreaterThan(0);
    await command(['show', 'quickstart', '--json']);
    expect([...heard].sort()).toEqual([`Basic ${PLANTED.at(-1)}`, `Bearer ${SECRETS.MLFLOW_TRACKING_TOKEN}`]);
  });

  it('are not told where a model cannot be had', async () => {
    const model = ['run', 'configs/quickstart.yaml', '--set', 'model.base=org/model'];
    expect((await command(model)).text).toContain('refuses access to the model org/model');
    expect(heard).toContain(`Bearer ${SECRETS.HF_TOKEN}`);
    expect((await command(model, { HF_TOKEN: `${SECRETS.HF_TOKEN}\nx` })).text).toContain('not one of Hugging Face');
    expect((await command(model, { HF_ENDPOINT: `http://${IN_ADDRESS}:${IN_ADDRESS}@${at}` })).text).toContain(
      'HF_ENDPOINT holds a user or password',
    );
  });

  it('in an address of the command line are refused unseen', async () => {
    const sets = [
      `tracking.mlflow.uri=http://${IN_ADDRESS}:${IN_ADDRESS}@host`,
      `tracking.mlflow={uri: "https://${IN_ADDRESS}:p@ss/${IN_ADDRESS}@host/x"}`,
      `nothing=ftp://${IN_ADDRESS}:x@host`,
    ];
    for (const set of [sets.slice(0, 1), sets.slice(1)]) {
      const { code, text } = await command([
        'run',
        'configs/quickstart.yaml',
        ...set.flatMap((value) => ['--set', value]),
        ...(set.length > 1 ? ['--json'] : []),
      ]);
      expect(code, text).toBe(2);
      expect(text).toContain('without user and password');
    }
    const anywhere = [
      `data.train=https://${IN_ADDRESS}@host/train.csv`,
      `model.base=https://host/x?token=${IN_ADDRESS}`,
      `data.text=ftp://${IN_ADDRESS}:x@host`,
      'tracking.mlflow={experiment: "hf_plantedTokenOfTheHub"}',
    ];
    const { code, text } = await command(['run', 'configs/quickstart.yaml', ...anywhere.flatMap((value) => ['--set', value])]);
    expect(code, text).toBe(2);
    for (const said of [
      'data.train contains a user or password',
      'data.text contains a user',
      'model.base contains a value of token',
      'tracking.mlflow.experiment contains a token of the hub',
    ])
      expect(text).toContain(said);
  });

  it('in an address of a file are refused unseen, with the mark in its place', async () => {
    const file = join(folder, 'x.yaml');
    writeFileSync(
      file,
      `extends: ${join(process.cwd(), 'configs/quickstart.yaml')}\ntracking: { mlflow: { uri: "http://${IN_ADDRESS}:x@host" } }\n`,
    );
    const { code, text } = await command(['check', file]);
    expect(code).toBe(2);
    const [source = '', marks = ''] = text.split('\n').filter((line) => line.includes('│'));
    expect(source.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1)).toBe(`"http://${'*'.repeat(IN_ADDRESS.length + 2)}@host"`);
  });

  it.each([`postgresql://${IN_ADDRESS}:${IN_ADDRESS}@host/db`, `${IN_ADDRESS}:${IN_ADDRESS}@./mlruns`, `//${IN_ADDRESS}@host/x`])(
    'in MLFLOW_TRACKING_URI of a store are not repeated: %#',
    (uri) => {
      let error: unknown;
      try {
        trackingServer('env', { MLFLOW_TRACKING_URI: uri });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'usage' });
      said.push(JSON.stringify(error), renderError(error, picocolors.createColors(false)));
    },
  );

  it('stand in no file that was left, and in no line that was printed', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() && entry.name !== 'x.yaml' ? [join(entry.parentPath, entry.name)] : [],
    );
    expect(existsSync(join(folder, 'artifacts/runs/quickstart/report.html'))).toBe(true);
    expect(files.length).toBeGreaterThan(20);
    const found = (content: string): readonly string[] => PLANTED.filter((secret) => content.includes(secret));
    for (const file of files) expect(found(readFileSync(file, 'latin1')), file).toEqual([]);
    expect(said.length).toBeGreaterThan(20);
    for (const text of said) expect(found(text), text).toEqual([]);
  });
});
