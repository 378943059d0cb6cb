/** Opens a run and classifies texts. The models stay in memory, in a process of their own, until they are closed. */
import { openClassifier } from 'ortrain';

const classifier = await openClassifier('messages', { task: 'classification', device: 'cpu' });
const { models, metrics, maxLength } = classifier.describe();
console.log(`${models.length} models, accuracy ${metrics?.['oof/accuracy']}, texts of up to ${maxLength} tokens`);

const texts = ['The river is over its banks, send boats', 'New coffee machine, who wants to try it?'];
const predictions = await classifier.classify(texts);
predictions.forEach(({ prediction, probabilities }, i) => {
  console.log(`${prediction} (${((probabilities[prediction] ?? 0) * 100).toFixed(1)} %): ${texts[i]}`);
});
await classifier.close();
