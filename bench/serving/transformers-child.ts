import { env, pipeline } from '@huggingface/transformers';
import { fastify } from 'fastify';
import { dirname, basename } from 'node:path';

/** transformers.js behind fastify, as its documentation serves a pipeline. Arguments: folder, port, threads. */
const [folder = '', port = '', threads = ''] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = `${dirname(folder)}/`;
const classify = await pipeline('text-classification', basename(folder), {
  dtype: 'fp32',
  session_options: { intraOpNumThreads: Number(threads) },
});
const app = fastify();
app.get('/healthz', (_, reply) => reply.send({ status: 'alive' }));
app.post('/v1/classify', (request) => classify((request.body as { readonly text: string }).text, { top_k: null }));
await app.listen({ host: '127.0.0.1', port: Number(port) });
