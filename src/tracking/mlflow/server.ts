import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { readInput } from '../../core/inputs.ts';
import { withoutEnd } from '../../core/text.ts';

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
  /** The name that this file had before, when servers of like addresses shared one. */
  readonly formerKey?: string;
}

/**
 * The server that a configuration's `tracking.mlflow.uri` means; null for `env` where the environment names none. Credentials
 * are found as MLflow's Python client finds them: user and password of MLFLOW_TRACKING_USERNAME and _PASSWORD, each else of
 * ~/.mlflow/credentials, else those in the address; otherwise MLFLOW_TRACKING_TOKEN. Throws a usage error for an address that is no
 * server's.
 */
export function trackingServer(configured: string, env: Variables, home = homedir()): TrackingServer | null {
  const address = (configured === 'env' ? env['MLFLOW_TRACKING_URI'] : configured)?.trim();
  if (address === undefined || address === '') return null;
  const url = serverUrl(address);
  const workspace = env['MLFLOW_WORKSPACE'];
  const authorization = authorizationFor(url, env, home);
  const uri = withoutEnd(`${url.origin}${url.pathname}`, '/');
  return {
    uri,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      // A server without workspaces refuses the header, whatever it says.
      ...(isGiven(workspace) ? { 'x-mlflow-workspace': workspace } : {}),
    },
    ...keysOf(uri, isGiven(workspace) ? workspace : ''),
  };
}

/** What a person reads, and so much of a hash that no two servers meet. */
function keysOf(uri: string, workspace: string): Pick<TrackingServer, 'key' | 'formerKey'> {
  const plain = [uri.replace(/^https?:\/\//, ''), ...(workspace === '' ? [] : [workspace])].join('-').replace(/[^A-Za-z0-9.-]+/g, '-');
  const key = `${plain.slice(0, MOST_KEY_CHARACTERS)}-${sha256(JSON.stringify([uri, workspace])).slice(0, 8)}`;
  // Another workspace's file would say that all has been sent.
  return plain.length > LONGEST_FILE_NAME || /[^A-Za-z0-9.-]/.test(workspace) ? { key } : { key, formerKey: plain };
}

const MOST_KEY_CHARACTERS = 80;
const LONGEST_FILE_NAME = 240;

/**
 * Where the runs of an experiment go: what the configuration says, else MLFLOW_EXPERIMENT_NAME, else the name of the command that
 * carries several out, so that they stand below each other, else its own.
 */
export function experimentName(experiment: Experiment, env: Variables, command?: { readonly name: string }): string {
  return givenExperimentName(experiment, env) ?? command?.name ?? experiment.name;
}

/** The name that a person gave; undefined where the default holds. */
export function givenExperimentName({ tracking }: Experiment, env: Variables): string | undefined {
  const given = env['MLFLOW_EXPERIMENT_NAME'];
  return tracking.mlflow?.experiment ?? (isGiven(given) ? given : undefined);
}

/** The server that this program starts: the same database, whatever port it is seen through. */
export const OWN_KEY = 'own';

interface Experiment {
  readonly name: string;
  readonly tracking: { readonly mlflow: { readonly experiment: string | null } | null };
}

function serverUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) {
    if (url.search === '' && url.hash === '') return url;
    const remedy = 'Leave them out; a token goes into MLFLOW_TRACKING_TOKEN.';
    throw new OrtrainError('usage', 'the tracking address has parameters behind a ? or #, which are not sent to a server', {
      subject: 'MLFLOW_TRACKING_URI',
      remedy,
    });
  }
  throw new OrtrainError('usage', 'the tracking address is not the http(s) address of an MLflow server', {
    subject: 'MLFLOW_TRACKING_URI',
    remedy: remedyFor(address, url),
  });
}

/**
 * Python's client opens databases and folders itself; a server makes them readable to us too, of folders from MLflow 3.13 on only where it
 * is told to.
 */
function remedyFor(address: string, url: URL | undefined): string {
  const isFolder = url === undefined ? /[./\\]|^mlruns$/.test(address) && !address.includes('@') : url.protocol === 'file:';
  if (!isFolder && url?.protocol !== 'sqlite:') return 'Give an address such as http://127.0.0.1:5000 in MLFLOW_TRACKING_URI.';
  return (
    `Start a server on it with "${isFolder ? 'MLFLOW_ALLOW_FILE_STORE=true ' : ''}mlflow server --host 127.0.0.1 --port 5000 ` +
    `--backend-store-uri ${address}", then set MLFLOW_TRACKING_URI=http://127.0.0.1:5000.`
  );
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
  for (const line of textOf(path).split('\n').map((each) => each.trim())) {
    if (line.startsWith('[') && line.endsWith(']')) section = line.slice(1, -1);
    const [, key, value] = /^([^#;=:\s]+)\s*[=:](.*)$/.exec(line) ?? [];
    if (section === 'mlflow' && key !== undefined && value !== undefined) values.set(key.toLowerCase(), value.trim());
  }
  return values;
}

/** Two lines need far less. */
const MOST_BYTES = 2 ** 16;

function textOf(path: string): string {
  try {
    return readInput(path, MOST_BYTES).toString('utf8');
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
