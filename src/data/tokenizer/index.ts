export { isTokenId, withIds } from './definition/added-tokens.ts';
export { wordsOf } from './definition/definition.ts';
export { reconciled } from './definition/reconciled.ts';
export { TRUNCATION, type Truncation } from './definition/truncation.ts';
export { formIn, hasTokenizer, TOKENIZER_FILES, TOKENIZER_FORMS, tokenizerFiles, writtenForm } from './files.ts';
export { loadTokenizer, type EncodedPair, type Tokenizer } from './load.ts';
export { readTokenizerSource } from './source.ts';
export { writeTokenizerFiles } from './written.ts';
