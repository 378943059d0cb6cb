import type { AnswerLimits } from '../../core/answers.ts';
import { OrtrainError } from '../../core/errors.ts';
import { isHubName } from '../../core/hub-name.ts';
import { statsOf } from '../../core/inputs.ts';
import { variables } from '../../core/variables.ts';
import { cachedSnapshot, hubSettings } from './cache.ts';
import { missingFiles, modelFiles, throwIfIncomplete, throwIfStray, type ModelFile } from './model-folder.ts';

/** How much of one file has arrived, in bytes. */
export interface DownloadProgress {
  readonly file: string;
  readonly done: number;
  readonly total: number;
}

export interface ResolveOptions {
  /** A branch, a tag or a commit of the hub's repository. */
  readonly revision: string;
  /** False where weights start at random, and only configuration and tokenizer are needed. */
  readonly weights: boolean;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /** What an answer of the hub may take. */
  readonly limits?: AnswerLimits;
}

/**
 * The local directory of a pretrained model: `base` itself where it is a directory, otherwise the snapshot of the hub's
 * repository of that name in the standard cache, fetched first where it is not complete. A complete snapshot of the revision
 * is used without asking the hub again, so that an experiment does not change under its owner.
 * HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_TOKEN_PATH, HF_ENDPOINT and HF_HUB_OFFLINE are honoured.
 *
 * Throws OrtrainError `data` that names every missing file, or a model that does not exist; `environment` where the hub cannot
 * be reached or the cache not be written; `interrupted` after `signal`.
 */
export async function resolveModel(base: string, options: ResolveOptions): Promise<string> {
  const files = modelFiles(options.weights);
  const found = statsOf(base);
  if (found?.isDirectory() === true) {
    throwIfStray(base, base, files);
    throwIfIncomplete(base, base, files);
    return base;
  }
  if (found !== undefined || !isHubName(base)) {
    throw new OrtrainError('data', found === undefined ? `there is no directory ${base}` : `${base} is a file, not a model's directory`, {
      subject: 'model.base',
      remedy: 'Give a directory in Hugging Face layout, or the name of a model on the hub such as bert-base-uncased.',
    });
  }
  const settings = hubSettings(variables());
  const cached = cachedSnapshot(base, options.revision, settings.cache);
  if (cached !== undefined && missingFiles(cached, files).length === 0) return sound(cached, files);
  if (settings.offline) {
    throw new OrtrainError(
      'environment',
      `the model ${base} is not complete in the cache at ${settings.cache}, and HF_HUB_OFFLINE forbids fetching it`,
      {
        subject: base,
        remedy: 'Unset HF_HUB_OFFLINE, or set model.base to a directory that holds the model.',
      },
    );
  }
  const { fetchSnapshot } = await import('./download.ts');
  return sound(await fetchSnapshot(base, files, settings, options), files);
}

function sound(folder: string, files: readonly ModelFile[]): string {
  throwIfStray(folder, folder, files);
  return folder;
}

/** The directory of a model as far as it is on this machine already, complete or not; the hub is not asked. */
export function localModel(base: string, revision: string): string | undefined {
  if (statsOf(base)?.isDirectory() === true) return base;
  return isHubName(base) ? cachedSnapshot(base, revision, hubSettings(variables()).cache) : undefined;
}
