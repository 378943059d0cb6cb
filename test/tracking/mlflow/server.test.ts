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
  expect(trackingServer('env', { MLFLOW_TRACKING_URI: ' http://127.0.0.1:5000/ ' }, nobody)).toMatchObject({
    uri: 'http://127.0.0.1:5000',
    headers: {},
  });
  expect(trackingServer('https://a.example/mlflow/', { MLFLOW_TRACKING_URI: 'http://b' }, nobody)?.uri).toBe('https://a.example/mlflow');
});

test.each([
  ['sqlite:///mlflow.db', '"mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///mlflow.db'],
  [
    'file:///somewhere/mlruns',
    '"MLFLOW_ALLOW_FILE_STORE=true mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri file:///somewhere/mlruns"',
  ],
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
  writeFileSync(
    join(home, '.mlflow', 'credentials'),
    '; mine\n[other]\nmlflow_tracking_username = wrong\n[mlflow]\nmlflow_tracking_username = filed\nmlflow_tracking_password=f=1\n',
  );
  const authorization = (env: Record<string, string>, from = nobody): string | undefined => {
    const server = trackingServer('env', { MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000', ...env }, from);
    expect(server?.uri).toBe('http://127.0.0.1:5000');
    expect(server?.key).toMatch(/^127\.0\.0\.1-5000-[0-9a-f]{8}$/);
    return server?.headers['authorization'];
  };
  const [user, password, token] = [
    { MLFLOW_TRACKING_USERNAME: 'me' },
    { MLFLOW_TRACKING_PASSWORD: 'pässword' },
    { MLFLOW_TRACKING_TOKEN: 'tok' },
  ];
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

test('servers of like addresses have keys of their own, and the name that each had before', () => {
  const addresses = [
    'http://host/team/a',
    'http://host/team-a',
    'http://host-team/a',
    'https://host/team/a',
    'http://host:80/team/a/',
    'http://HOST/team/a',
  ];
  const servers = addresses.map((uri) => trackingServer(uri, {}, nobody));
  expect(new Set(servers.map((server) => server?.key)).size).toBe(4);
  expect(servers.map((server) => server?.formerKey)).toEqual([
    'host-team-a',
    'host-team-a',
    'host-team-a',
    'host-team-a',
    'host-team-a',
    'host-team-a',
  ]);
  expect(trackingServer('http://host/team', { MLFLOW_WORKSPACE: 'a' }, nobody)).toMatchObject({ formerKey: 'host-team-a' });
  expect(trackingServer('http://host/team', { MLFLOW_WORKSPACE: 'a/b' }, nobody)?.formerKey).toBeUndefined();
  const long = trackingServer(`http://host/${'a'.repeat(5000)}`, {}, nobody);
  expect(long?.key.length).toBeLessThan(100);
});

test.each(['http://host/?token=planted', 'http://host/x#planted', 'https://me:planted@host/?a=b'])(
  'parameters of an address are refused, for they would be lost: %#',
  (uri) => {
    expect(() => trackingServer('env', { MLFLOW_TRACKING_URI: uri }, nobody)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('planted') }),
    );
  },
);

test('an experiment goes where the configuration says, else the environment, else with those of its command, else under its own name', () => {
  const experiment = (mlflow: { experiment: string | null } | null) => ({ name: 'own', tracking: { mlflow } });
  const env = { MLFLOW_EXPERIMENT_NAME: 'environment' };
  const command = { name: 'sweep' };
  expect(experimentName(experiment({ experiment: 'configured' }), env, command)).toBe('configured');
  expect(experimentName(experiment({ experiment: null }), env, command)).toBe('environment');
  expect(experimentName(experiment({ experiment: null }), {}, command)).toBe('sweep');
  expect(experimentName(experiment(null), {})).toBe('own');
});
