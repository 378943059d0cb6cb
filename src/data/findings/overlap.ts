import { valueAt } from '../../core/values.ts';
import { segmentsOf, textKey, textKeys, type Text } from '../texts/index.ts';
import { examplesOf, partOf, type Finding } from './finding.ts';

/** Rows of one table that occur in another to the character; of pairs, also the other way round. */
interface Overlap {
  readonly rows: readonly number[];
  readonly swapped: number;
}

/** What a table for validation shares with the training table, and the rows to predict with it. */
export function overlapFindings(train: readonly Text[], validation: readonly Text[], test: readonly Text[] | null): readonly Finding[] {
  return [...validationInTraining(train, validation), ...(test === null ? [] : testInValidation(validation, test))];
}

function validationInTraining(train: readonly Text[], validation: readonly Text[]): Finding[] {
  const { rows, swapped } = overlap(train, validation);
  if (rows.length === 0) return [];
  const turned = swapped === 0 ? '' : `, ${swapped} of them the other way round`;
  return [
    {
      severity: 'warning',
      code: 'validation-texts-in-training',
      message:
        `${partOf(rows.length, validation.length, 'validation rows')} ${rows.length === 1 ? 'has' : 'have'} a text that occurs in ` +
        `training to the character${turned}, which makes validation look too good`,
      count: rows.length,
      examples: examplesOf('validation', rows.map((row) => [row]), validation),
      remedy: 'Take them out of data.train or of data.validation.',
    },
  ];
}

function testInValidation(validation: readonly Text[], test: readonly Text[]): Finding[] {
  const { rows } = overlap(validation, test);
  if (rows.length === 0) return [];
  return [
    {
      severity: 'info',
      code: 'test-texts-in-validation',
      message:
        `${partOf(rows.length, test.length, 'rows to predict')} ${rows.length === 1 ? 'has' : 'have'} a text that occurs in validation ` +
        'to the character: the best epoch is chosen by them too',
      count: rows.length,
      examples: examplesOf('test', rows.map((row) => [row]), test),
    },
  ];
}

function overlap(known: readonly Text[], asked: readonly Text[]): Overlap {
  const [seen, keys] = [new Set(textKeys(known)), textKeys(asked)];
  let swapped = 0;
  const rows = Array.from(asked.keys()).filter((row) => {
    if (seen.has(valueAt(keys, row))) return true;
    const [first, second] = segmentsOf(valueAt(asked, row));
    const isTurned = first !== undefined && second !== undefined && seen.has(textKey([second, first]));
    swapped += isTurned ? 1 : 0;
    return isTurned;
  });
  return { rows, swapped };
}
