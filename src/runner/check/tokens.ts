import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import {
  beyondProblems,
  encodeTexts,
  readVocabulary,
  tokenize,
  tokensBeyond,
  unknownToModel,
  type AskedTexts,
  type Tokenizer,
  type TokenSet,
  type Vocabulary,
} from '../../data/tokens/index.ts';
import { TRUNCATION } from '../../data/tokenizer/index.ts';
import type { Text } from '../../data/texts/index.ts';
import type { DataContents } from './data.ts';

interface Asked {
  readonly folder: string;
  readonly vocabSize: number;
  readonly model: Pick<Experiment['model'], 'max_seq_length' | 'truncation'>;
}

/**
 * Whether the tokenizer and the model take the texts, and what is worth a word. All of them are looked at only where the tokenizer has
 * tokens that the model does not know, which are few models, and where only one text of a pair may be cut. Throws where one is not taken.
 */
export async function checkTokens(
  tokenizer: Tokenizer,
  { folder, vocabSize, model }: Asked,
  data: DataContents,
): Promise<readonly string[]> {
  tokenize(tokenizer, data.train.texts.slice(0, 1), model.max_seq_length);
  const vocabulary = readVocabulary(tokenizer.files);
  const beyond = tokensBeyond(vocabulary, vocabSize);
  if (beyond.length === 0 && model.truncation === 'longest_first') return [];
  const problems = (await askedTexts(data, tokenizer, model)).flatMap((asked) => beyondProblems(asked, vocabulary, vocabSize));
  if (problems.length > 0) throw unknownToModel(folder, vocabSize, problems, REMEDY);
  return beyond.length === 0 ? [] : [unusedSentence(folder, vocabSize, vocabulary, beyond)];
}

const REMEDY =
  'Set model.resize_embeddings: true, which gives the model an embedding for each of them, or take a tokenizer.json and a ' +
    'config.json that belong together.';

async function askedTexts(
  { tables, train, validation, test }: DataContents,
  tokenizer: Tokenizer,
  model: Asked['model'],
): Promise<readonly AskedTexts[]> {
  const placeIn = ({ file, lines }: DataContents['tables']['train'], row: number): ReturnType<AskedTexts['place']> => {
    const line = lines[row];
    return { file, ...(line === undefined ? {} : { line }), row: row + 1, name: 'the text' };
  };
  const asked = async (texts: readonly Text[], place: AskedTexts['place']): Promise<AskedTexts> => ({
    tokens: await placed(encodeTexts(tokenizer, texts, model.max_seq_length, { truncation: model.truncation }), place),
    place,
  });
  const ofTrain = await asked(train.texts, (row) => placeIn(tables.train, train.rows[row] ?? row));
  const others = [
    { examples: validation, table: tables.validation },
    { examples: test ?? null, table: tables.test },
  ].flatMap(({ examples, table }) => (examples === null || table === null ? [] : [{ texts: examples.texts, table }]));
  const ofOthers: AskedTexts[] = [];
  for (const { texts, table } of others) ofOthers.push(await asked(texts, (row) => placeIn(table, row)));
  return [ofTrain, ...ofOthers];
}

/** A pair that cannot be cut is named by its place in the table. */
async function placed(tokens: Promise<TokenSet>, place: AskedTexts['place']): Promise<TokenSet> {
  try {
    return await tokens;
  } catch (error) {
    const [problem] = error instanceof OrtrainError && error.subject === TRUNCATION ? error.problems : [];
    if (!(error instanceof OrtrainError) || problem?.row === undefined) throw error;
    const { name: _, ...where } = place(problem.row - 1);
    throw new OrtrainError('data', `a pair of texts in ${where.file} cannot be cut to model.max_seq_length`, {
      subject: TRUNCATION,
      problems: [{ ...problem, ...where }],
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    });
  }
}

function unusedSentence(folder: string, known: number, { tokens }: Vocabulary, beyond: readonly string[]): string {
  const shown = beyond.slice(0, 3).map((token) => JSON.stringify(token)).join(', ');
  return (
    `the tokenizer of ${folder} has ${plural(beyond.length, 'token')} of ${tokens.size} beyond the model's vocabulary of ${known} ` +
    `(${shown}${beyond.length > 3 ? ', …' : ''}); no text here has one within model.max_seq_length, and a text that has cannot be ` +
    'classified unless model.resize_embeddings is true'
  );
}
