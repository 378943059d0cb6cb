import { experimentDefinition, layerSchema } from './experiment.ts';
import { pipelineDefinition } from './pipeline-definition.ts';
import type { SchemaNode } from './schema/schema.ts';
import { sweepSchema } from './sweep/schema.ts';

/** Every schema that files are checked against; the build compiles a validator for each. */
export const validatedSchemas: readonly SchemaNode[] = [layerSchema, experimentDefinition, sweepSchema, pipelineDefinition];
