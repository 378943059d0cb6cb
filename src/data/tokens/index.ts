export {
  batchCount, batchTokens, evaluationBatches, leastWorkBatches, paddingShare, planBatches, type Batch, type BatchOptions,
} from './batches.ts';
export { encodeTexts, type EncodingOptions } from './encode-texts.ts';
export { loadTokenizer, loadTokens, saveTokens, tokenize, tokenLengths, tokensOf, type Tokenizer, type TokenSet } from './tokens.ts';
export { beyondProblems, readVocabulary, tokensBeyond, unknownToModel, type AskedTexts, type Vocabulary } from './vocabulary.ts';
