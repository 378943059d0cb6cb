import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { experimentName, trackingServer } from '../../../src/tracking/mlflow/server.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const nobody = temporaryFolder();
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test('env means MLFLOW_TRACKING_URI, and nothing where that is not set', () => {
  expect(trackingServer('env', {}, nobody)).toBeNull();
  expect(trackingServer('env', { MLFLOW_TRACKING_URI: '' }, nobody)).toBeNull();
  expect(trackingServer('env', { MLFLOW_TRACKING_URI: ' http://127.0.0.1:5000/ ' }, nobody)).toEqual({ uri: 'http://127.0.0.1:5000', headers: {}, key: '127.0.0.1-5000' });
  expect(trackingServer('https://a.example/mlflow/', { MLFLOW_TRACKING_URI: 'http://b' }, nobody)?.uri).toBe('https://a.example/mlflow');
});

test.each([
  ['sqlite:///mlflow.db', '"mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///mlflow.db'],
  ['file:///somewhere/mlruns', '"MLFLOW_ALLOW_FILE_STORE=true mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri file:///somewhere/mlruns"'],
  ['./mlruns', '"MLFLOW_ALLOW_FILE_STORE=true mlflow server'],
  ['postgresql://me:secret@db/mlflow', 'http://127.0.0.1:5000'],
  ['mlruns', '"MLFLOW_ALLOW_FILE_STORE=true mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri mlruns"'],
  ['databricks', 'http://127.0.0.1:5000'],
])('%s is refused with the way to a server', (uri, remedy) => {
  const refuse = (): unknown => trackingServer('env', { MLFLOW_TRACKING_URI: uri }, nobody);
  expect(refuse).toThrow(expect.objectContaining({ code: 'usage', remedy: expect.stringContaining(remedy) }));
  expect(refuse).toThrow(expect.not.objectContaining({ remedy: expect.stringContaining('secret') }));
});

test('credentials come as Python’s client finds them, and never stand in the address', () => {
  const home = join(nobody, 'home');
  mkdirSync(join(home, '.mlflow'), { recursive: true });
  writeFileSync(join(home, '.mlflow', 'credentials'), '; mine\n[other]\nmlflow_tracking_username = wrong\n[mlflow]\nmlflow_tracking_username = filed\nmlflow_tracking_password=f=1\n');
  const authorization = (env: Record<string, string>, from = nobody): string | undefined => {
    const server = trackingServer('env', { MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000', ...env }, from);
    expect(server?.uri).toBe('http://127.0.0.1:5000');
    expect(server?.key).toBe('127.0.0.1-5000');
    return server?.headers['authorization'];
  };
  const [user, password, token] = [{ MLFLOW_TRACKING_USERNAME: 'me' }, { MLFLOW_TRACKING_PASSWORD: 'pässword' }, { MLFLOW_TRACKING_TOKEN: 'tok' }];
  expect(authorization({})).toBeUndefined();
  expect(authorization(token)).toBe('Bearer tok');
  expect(authorization({ ...user, ...password, ...token })).toBe(basic('me:pässword'));
  expect(authorization(user)).toBeUndefined();
  expect(authorization({}, home)).toBe(basic('filed:f=1'));
  expect(authorization({ ...user, ...token }, home)).toBe(basic('me:f=1'));
  expect(authorization({ MLFLOW_TRACKING_URI: 'http://a:b%40c@127.0.0.1:5000' })).toBe(basic('a:b@c'));
});

test('the workspace header is sent only where a workspace is named', () => {
  const server = trackingServer('http://127.0.0.1:5000', { MLFLOW_WORKSPACE: 'team' }, nobody);
  expect(server?.headers).toEqual({ 'x-mlflow-workspace': 'team' });
  expect(server?.key).not.toBe(trackingServer('http://127.0.0.1:5000', {}, nobody)?.key);
});

test('an experiment goes where the configuration says, else the environment, else under its own name', () => {
  const experiment = (mlflow: { experiment: string | null } | null) => ({ name: 'own', tracking: { mlflow } });
  const env = { MLFLOW_EXPERIMENT_NAME: 'environment' };
  expect(experimentName(experiment({ experiment: 'configured' }), env)).toBe('configured');
  expect(experimentName(experiment({ experiment: null }), env)).toBe('environment');
  expect(experimentName(experiment(null), {})).toBe('own');
});
