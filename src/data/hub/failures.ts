import { reasonOf, secondsToWait } from '../../core/answers.ts';
import { OrtrainError } from '../../core/errors.ts';
import { withoutSecrets } from '../../core/secrets.ts';
import { duration } from '../../core/text.ts';

/** An answer that says no. */
export class HubRefusal extends Error {
  readonly status: number;
  /** The hub's own word for it, such as `RevisionNotFound`; null from a mirror or a proxy. */
  readonly code: string | null;
  /** When to ask again, in seconds. */
  readonly again: number | undefined;

  constructor(status: number, code: string | null, retryAfter: string | null) {
    super(`the status ${status}`);
    this.name = 'HubRefusal';
    this.status = status;
    this.code = code;
    this.again = secondsToWait(retryAfter);
  }
}

/** An answer that no hub gives: a sentence whose subject is the server. */
export class NotAHub extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotAHub';
  }
}

interface Asked {
  readonly name: string;
  readonly endpoint: string;
  readonly revision: string;
  readonly cache: string;
  readonly token: string | undefined;
}

/** The failure of a request in words. A server may repeat what it was sent, so that the token is taken out of them. */
export function failureOf(error: unknown, asked: Asked): OrtrainError {
  const cause = withoutToken(error, asked.token);
  if (error instanceof HubRefusal) return refusal(error, asked, cause);
  if (error instanceof NotAHub) {
    const remedy =
      'Check HF_ENDPOINT, and whether a proxy or a login page answers in its place; or set model.base to a ' +
        'directory that holds the model.';
    return new OrtrainError('environment', `the model ${asked.name} could not be fetched: ${asked.endpoint} ${error.message}`, {
      subject: 'HF_ENDPOINT',
      remedy,
    });
  }
  if (isFileError(error))
    return new OrtrainError('environment', `the cache at ${asked.cache} cannot be written: ${error.message}`, {
      subject: asked.cache,
      cause,
    });
  return unreachable(asked, `${asked.endpoint}: ${withoutSecrets(reasonOf(error), [asked.token ?? ''])}`, cause);
}

function refusal({ status, code, again }: HubRefusal, asked: Asked, cause: unknown): OrtrainError {
  const { name, endpoint, revision, token } = asked;
  if (code === 'RevisionNotFound') {
    const remedy = 'Set model.revision to a branch, a tag or a commit that it has.';
    return new OrtrainError('data', `the model ${name} has no revision ${revision}`, { subject: 'model.revision', remedy, cause });
  }
  if (status === 401 || status === 403) {
    const remedy =
      token === undefined
        ? 'Check model.base; for a private or gated model, set HF_TOKEN to a token that can read it.'
        : `Check model.base, and that the token in HF_TOKEN is valid and may read the model; a gated model's conditions are ` +
          `accepted at ${endpoint}/${name}.`;
    const message = `${endpoint} refuses access to the model ${name}: it does not exist, or is private or gated`;
    return new OrtrainError('data', message, { subject: 'model.base', remedy, cause });
  }
  if (status === 404) {
    const remedy = 'Set model.base to a directory that exists or to the name of a model on the hub.';
    const message = `there is no directory ${name}, and no model of that name at ${endpoint}`;
    return new OrtrainError('data', message, { subject: 'model.base', remedy, cause });
  }
  if (status === 429) {
    const remedy =
      `Run again ${again === undefined ? 'later' : `in ${duration(again)}`} (the part already fetched is ` +
      `kept)${token === undefined ? '; the hub allows more requests with HF_TOKEN set' : ''}.`;
    return new OrtrainError('environment', `the model ${name} could not be fetched: ${endpoint} refused further requests for now (429)`, {
      subject: name,
      remedy,
      cause,
    });
  }
  return unreachable(asked, `${endpoint} answered with the status ${status}`, cause);
}

function unreachable({ name }: Asked, what: string, cause: unknown): OrtrainError {
  return new OrtrainError('environment', `the model ${name} could not be fetched (${what})`, {
    subject: name,
    remedy:
      'Run again when the hub can be reached (the part already fetched is kept), set HF_ENDPOINT to a mirror, or set model.base to a ' +
        'directory that holds the model.',
    cause,
  });
}

/** The message alone, as an error: those of connections cannot be changed, and hold addresses and headers. */
function withoutToken(error: unknown, token: string | undefined): Error {
  return new Error(withoutSecrets(reasonOf(error), [token ?? '']));
}

/** An error of the file system, not of a connection, which fetch wraps. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}
