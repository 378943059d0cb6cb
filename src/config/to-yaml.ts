import { complete } from './schema/complete.ts';
import { experimentDefinition, type Experiment } from './experiment.ts';
import { yaml } from './libraries.ts';
import { defaultTree, plain } from './yaml/tree.ts';

/** The whole experiment, defaults written out, keys in the schema's order; reading it again gives an equal one. */
export function toYaml(experiment: Experiment): string {
  const { Document, visit } = yaml();
  const tree = defaultTree(experiment);
  const document = new Document(plain(tree.kind === 'map' ? complete(tree, experimentDefinition).tree : tree));
  visit(document, {
    Seq: (_key, list) => {
      list.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
