import { experimentDefinition } from '../../src/config/experiment.ts';
import { dotted, pathsOf, schemaAt } from '../../src/config/schema/schema.ts';

/** Every path of the configuration that holds a value, such as `training.optimizer.lr`; those of all kinds of schedule and optimizer. */
export function leafPaths(): readonly string[] {
  return pathsOf(experimentDefinition)
    .filter((path) => schemaAt(experimentDefinition, path)?.properties === undefined)
    .map(dotted);
}
