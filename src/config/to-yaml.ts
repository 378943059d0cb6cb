import type { Experiment } from './experiment.ts';
import { yaml } from './libraries.ts';

/** The whole experiment, defaults written out; reading it again gives an equal one. */
export function toYaml(experiment: Experiment): string {
  const { Document, isScalar, isSeq, visit } = yaml();
  const document = new Document(experiment);
  visit(document, {
    Seq: (_key, node) => {
      if (isSeq(node)) node.flow = true;
    },
    Scalar: (_key, node) => {
      // A text with line breaks stays on one line, in quotes.
      if (isScalar(node) && typeof node.value === 'string' && /[\n\r]/.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
