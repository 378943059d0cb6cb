import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { packageFile } from '../../core/package.ts';

/** The version of the installed onnxruntime-node, found without loading it. Throws an `environment` error where none is installed. */
export function onnxruntimeVersion(): string {
  return (createRequire(import.meta.url)(packageJson()) as { readonly version: string }).version;
}

/** The folder of the installed onnxruntime-node. Throws as `onnxruntimeVersion`. */
export function runtimeFolder(): string {
  return dirname(packageJson());
}

/** Says how to load what does not: npm leaves the package out where its install script fails, because it is an optional dependency. */
export function runtimeMissing(cause: unknown): OrtrainError {
  return new OrtrainError('environment', `onnxruntime-node is not installed for ${process.platform} ${process.arch}`, {
    subject: 'onnxruntime-node',
    remedy:
      'Its install script downloads CUDA libraries, and npm drops the package where it cannot. Install it without the script: npm ' +
      `install ${wanted()} --ignore-scripts`,
    cause,
  });
}

function packageJson(): string {
  try {
    return createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  } catch (cause) {
    throw runtimeMissing(cause);
  }
}

function wanted(): string {
  const version = packageFile().optionalDependencies?.['onnxruntime-node'];
  return version === undefined ? 'onnxruntime-node' : `onnxruntime-node@${version}`;
}
