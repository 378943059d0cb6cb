import { createRequire } from 'node:module';

/** The version of the installed onnxruntime-node, found without loading it. */
export function onnxruntimeVersion(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { readonly version: string };
  return version;
}
