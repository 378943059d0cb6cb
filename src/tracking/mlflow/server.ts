import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';

/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A tracking server and how to be let in. */
export interface TrackingServer {
  /** http or https, without credentials and without a slash at the end; shown and stored. */
  readonly uri: string;
  /** Sent with every request. They may hold a password, so they are never shown or stored. */
  readonly headers: Readonly<Record<string, string>>;
  /** Tells servers apart, and the workspaces of one; names a file. */
  readonly key: string;
}

/**
 * The server that a configuration's `tracking.mlflow.uri` means; null for `env` where the environment names none. Credentials
 * are found as MLflow's Python client finds them: user and password of MLFLOW_TRACKING_USERNAME and _PASSWORD, each else of
 * ~/.mlflow/credentials, else those in the address; otherwise MLFLOW_TRACKING_TOKEN. Throws a usage error for an address that is no server's.
 */
export function trackingServer(configured: string, env: Variables, home = homedir()): TrackingServer | null {
  const address = (configured === 'env' ? env['MLFLOW_TRACKING_URI'] : configured)?.trim();
  if (address === undefined || address === '') return null;
  const url = serverUrl(address);
  const workspace = env['MLFLOW_WORKSPACE'];
  const authorization = authorizationFor(url, env, home);
  const uri = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return {
    uri,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      // A server without workspaces refuses the header, whatever it says.
      ...(isGiven(workspace) ? { 'x-mlflow-workspace': workspace } : {}),
    },
    key: [uri.replace(/^https?:\/\//, ''), ...(isGiven(workspace) ? [workspace] : [])].join('-').replace(/[^A-Za-z0-9.-]+/g, '-'),
  };
}

/** Where the runs of an experiment go: what the configuration says, else MLFLOW_EXPERIMENT_NAME, else its own name. */
export function experimentName(experiment: { readonly name: string; readonly tracking: { readonly mlflow: { readonly experiment: string | null } | null } }, env: Variables): string {
  const given = env['MLFLOW_EXPERIMENT_NAME'];
  return experiment.tracking.mlflow?.experiment ?? (isGiven(given) ? given : experiment.name);
}

function serverUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new OrtrainError('usage', 'the tracking address is not the http(s) address of an MLflow server', { subject: 'MLFLOW_TRACKING_URI', remedy: remedyFor(address, url) });
}

/** Python's client opens databases and folders itself; a server makes them readable to us too, of folders from MLflow 3.13 on only where it is told to. */
function remedyFor(address: string, url: URL | undefined): string {
  const isFolder = url === undefined ? /[./\\]|^mlruns$/.test(address) && !address.includes('@') : url.protocol === 'file:';
  if (!isFolder && url?.protocol !== 'sqlite:') return 'Give an address such as http://127.0.0.1:5000 in MLFLOW_TRACKING_URI.';
  return `Start a server on it with "${isFolder ? 'MLFLOW_ALLOW_FILE_STORE=true ' : ''}mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri ${address}", then set MLFLOW_TRACKING_URI=http://127.0.0.1:5000.`;
}

function authorizationFor(url: URL, env: Variables, home: string): string | undefined {
  const file = credentialsFile(join(home, '.mlflow', 'credentials'));
  const username = firstGiven(env['MLFLOW_TRACKING_USERNAME'], file.get('mlflow_tracking_username'), decoded(url.username));
  const password = firstGiven(env['MLFLOW_TRACKING_PASSWORD'], file.get('mlflow_tracking_password'), decoded(url.password));
  const token = env['MLFLOW_TRACKING_TOKEN'];
  if (username !== undefined && password !== undefined) return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  return isGiven(token) ? `Bearer ${token}` : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The `[mlflow]` section of an INI file; empty where there is none that can be read. */
function credentialsFile(path: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (!existsSync(path)) return values;
  let section = '';
  for (const line of textOf(path).split(/\r?\n/)) {
    section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([^#;=:\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === 'mlflow' && key !== undefined && value !== undefined) values.set(key.toLowerCase(), value);
  }
  return values;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function firstGiven(...values: readonly (string | undefined)[]): string | undefined {
  return values.find(isGiven);
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
