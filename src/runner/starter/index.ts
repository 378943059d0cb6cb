export { draftStarter, schemaFrom, type DraftOptions } from './draft.ts';
export { copyExample, type CopiedExample } from './example.ts';
export { starter, type StarterFacts } from './starter.ts';
