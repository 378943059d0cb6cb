import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { loadTokenizer, tokenize } from '../../src/data/tokens/index.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/index.ts';
import { openTask } from '../../src/tasks/index.ts';
import { ensemblePredictions, writePortableFolder } from '../../src/training/index.ts';
import { describeInBrowser, openBrowser } from '../helpers/chromium.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { modelFolder } from '../training/model-folder.ts';

const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', `${'storm '.repeat(60)}and sunshine`];

describeInBrowser('the example that classifies in a browser', (path) => {
  it('gives the mean of the models of an ensemble, in float32 and nearly so in int8', async () => {
    const folder = temporaryFolder();
    const head = { dense: [], dropout: 0.1, activation: 'none' } as const;
    const task = openTask({ classes: ['calm', 'fire', 'flood'] });
    const models = [3, 4].map((seed) => modelFolder(join(folder, String(seed)), 'bert', { head, task }, { seed }));
    await writePortableFolder(join(folder, 'model'), models, ['float32', 'int8']);
    const tokens = tokenize(await loadTokenizer(tokenizerFiles(models[0]!)), texts, 32);
    const speed = { device: 'cpu', threads: 1, batchSize: 1 } as const;
    const { numbers } = await ensemblePredictions(models, { kind: 'tokens', tokens }, speed, () => {});

    const server = spawn(process.execPath, [join(root, 'examples/browser/serve.js'), join(folder, 'model'), '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(server, 'exit');
    const browser = await openBrowser(path);
    try {
      const address = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
      const ask = `window.model.then((classify) => Promise.all(${JSON.stringify(texts)}.map(classify)))`;
      const inPage = `${ask}.then((answers) => ({ answers, state: document.getElementById('state').textContent }))`;
      type Result = { readonly state: string; readonly answers: readonly (readonly { readonly label: string; readonly score: number }[])[] };
      for (const [query, digits] of [['', 5], ['?file=onnx/model_quantized.onnx', 1]] as const) {
        const { result, complaints, requests } = await browser.look<Result>(`${address.value}${query}`, { width: 800, scheme: 'light' }, inPage);
        expect(complaints).toEqual([]);
        expect(requests.every((url) => url.startsWith(String(address.value)) || url.startsWith('data:') || url.startsWith('blob:'))).toBe(true);
        expect(result.state).toBe('The model is in this page; texts do not leave it.');
        expect(result.answers.map((answer) => answer.map(({ label }) => label))).toEqual(texts.map(() => ['calm', 'fire', 'flood']));
        result.answers.flat().forEach(({ score }, i) => expect(score).toBeCloseTo(numbers[i]!, digits));
      }
      expect(Math.max(...numbers) - Math.min(...numbers)).toBeGreaterThan(0.01);
    } finally {
      await browser.close();
      server.kill();
      await gone;
    }
  }, 60_000);
});
