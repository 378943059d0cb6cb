export { draftStarter, schemaFrom, type DraftOptions } from './draft.ts';
export { copyExample } from './example.ts';
export { starter } from './starter.ts';
