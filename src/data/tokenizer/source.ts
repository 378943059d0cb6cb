import { readJsonObject } from '../../core/inputs.ts';
import { readDefinition, type Description, type Settings } from './definition/definition.ts';
import { familyOf } from './families.ts';
import { SENTENCEPIECE_FILES } from './files.ts';
import { unusable } from './problems.ts';
import { describeSentencePiece, readSentencePiece, type SentencePieceDescription } from './sentencepiece/description.ts';
import { definitionOfVocabulary } from './vocabulary-files.ts';

/** What a tokenizer is read from. */
export type TokenizerSource =
  | {
      readonly kind: 'definition';
      readonly description: Description;
      /** Whether the definition is not a file's, but made of a vocabulary's. */
      readonly isMade: boolean;
      readonly notices: readonly string[];
    }
  | {
      readonly kind: 'sentencepiece';
      readonly description: SentencePieceDescription;
      /** A tokenizer.json beside it, which may say otherwise. */
      readonly beside: Description | undefined;
    };

/**
 * Reads a tokenizer's files: a SentencePiece model before a tokenizer.json that was made of it, that before a vocabulary alone. `files`:
 * paths by file name, `config.json` among them where the kind of model matters. Throws a `data` error that names the file.
 */
export function readTokenizerSource(files: Readonly<Record<string, string>>): TokenizerSource {
  const definitionPath = files['tokenizer.json'];
  const own = readSettings(files, 'tokenizer_config.json');
  const definition: Description | undefined =
    definitionPath === undefined ? undefined : { path: definitionPath, definition: readDefinition(definitionPath), settings: own };
  const notices: string[] = [];
  const spm = SENTENCEPIECE_FILES.find((name) => files[name] !== undefined);
  // Older files name special tokens here alone.
  const settings = { ...readSettings(files, 'special_tokens_map.json'), ...own };
  const family = (name: string): ReturnType<typeof familyOf> => familyOf(name, settings, readSettings(files, 'config.json')['model_type']);
  if (spm !== undefined) {
    const path = files[spm]!;
    const name = family(spm);
    const isMadeOfIt = [undefined, 'Unigram'].includes(definition?.definition.model.type);
    const file = isMadeOfIt && name !== undefined ? readSentencePiece(path) : undefined;
    if (file !== undefined && name !== undefined && (file.kind === 'unigram' || definition === undefined))
      return { kind: 'sentencepiece', description: describeSentencePiece(path, file, name, settings, files), beside: definition };
    if (definition === undefined)
      throw unusable(path, `${className(settings)}, which reads no SentencePiece model`);
    notices.push(`${path} is not used, because tokenizer.json was not made from it`);
  }
  if (definition !== undefined) return { kind: 'definition', description: definition, isMade: false, notices };
  const vocabulary = ['vocab.txt', 'vocab.json'].find((name) => files[name] !== undefined);
  if (vocabulary === undefined) throw unusable('the model', 'it has no tokenizer.json, no SentencePiece model and no vocabulary');
  const path = files[vocabulary]!;
  if (vocabulary === 'vocab.json' && files['merges.txt'] === undefined) throw unusable(path, 'there is no merges.txt beside it');
  const name = family(vocabulary);
  if (name === undefined) throw unusable(path, `${className(settings)}, which reads no such file`);
  const made = definitionOfVocabulary(files, name, settings);
  return { kind: 'definition', description: { path, definition: made.definition, settings }, isMade: true, notices: made.notices };
}

const className = (settings: Settings): string => `tokenizer_config.json has the class ${String(settings.tokenizer_class)}`;

function readSettings(files: Readonly<Record<string, string>>, name: string): Settings {
  return files[name] === undefined ? {} : readJsonObject(files[name]);
}
