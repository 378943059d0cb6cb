import { Tokenizer } from '@huggingface/tokenizers';
import * as ort from 'onnxruntime-web';

/**
 * Opens an export of ortrain, a fold or an ensemble, in a browser.
 *
 * @param {string} base address of the export's folder, ending in a slash
 * @param {string} [file] which of its models: `onnx/model.onnx`, or `onnx/model_quantized.onnx` where it was exported with --quantize int8
 * @returns {Promise<(text: string) => Promise<readonly { label: string, score: number }[]>>} probabilities or numbers, by label
 */
export async function openModel(base, file = 'onnx/model.onnx') {
  const json = async (name) => (await found(base + name)).json();
  const [config, definition, tokenizerConfig] = await Promise.all(['config.json', 'tokenizer.json', 'tokenizer_config.json'].map(json));
  if (definition.model.type === 'Unigram')
    throw new Error('This page encodes texts by WordPiece and byte-level BPE; the tokenizer of this model is a Unigram.');
  const tokenizer = new Tokenizer(definition, tokenizerConfig);
  const session = await ort.InferenceSession.create(await (await found(base + file)).arrayBuffer(), { executionProviders: ['wasm'] });
  const labels = Object.entries(config.id2label)
    .sort(([a], [b]) => a - b)
    .map(([, label]) => label);
  const scoresOf = { single_label_classification: softmax, multi_label_classification: sigmoids, regression: (x) => x }[config.problem_type];

  return async (text) => {
    const ids = cut(tokenizer.encode(text).ids, tokenizerConfig.model_max_length);
    const int64 = (list) => new ort.Tensor('int64', BigInt64Array.from(list, BigInt), [1, list.length]);
    const feeds = { input_ids: int64(ids), attention_mask: int64(ids.map(() => 1)), token_type_ids: int64(ids.map(() => 0)) };
    const given = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]]));
    const { logits } = await session.run(given);
    const scores = scoresOf([...logits.data]);
    return labels.map((label, i) => ({ label, score: scores[i] }));
  };
}

async function found(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
  return response;
}

/** As training cuts a text: the last special token stays at the end. */
function cut(ids, most) {
  return ids.length <= most ? ids : [...ids.slice(0, most - 1), ids.at(-1)];
}

function softmax(logits) {
  const top = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - top));
  const sum = powers.reduce((total, x) => total + x, 0);
  return powers.map((x) => x / sum);
}

function sigmoids(logits) {
  return logits.map((x) => 1 / (1 + Math.exp(-x)));
}
