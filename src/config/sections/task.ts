import { choice, kinds, list, nullable, textOrNumber } from '../schema/schema.ts';

export const task = kinds(
  {
    default: 'classification',
    examples: ['regression'],
    description:
      'What the model learns. classification: one of two or more classes; multi-label: any number of labels for a text; regression: one ' +
      'or more numbers; ordinal: one of several grades in order.',
  },
  {
    grades: nullable(
      list(textOrNumber({ description: 'A grade, as the table has it.' }), {
        examples: [['low', 'medium', 'high']],
        minItems: 2,
        description:
          'The grades in order, lowest first. A grade of the list may be absent from the table. null: the numbers that occur in the ' +
          'target column, ascending; grades in words need the list.',
      }),
    ),
    link: choice(['coral', 'cumulative'], {
      default: 'coral',
      examples: ['cumulative'],
      description:
        'How one score of a text becomes the probabilities of passing each threshold between two grades. coral: a sigmoid of the score ' +
        'plus a bias for each threshold, trained with binary cross-entropy; cumulative: the cumulative link model, whose thresholds ' +
        'ascend and whose loss is the negative log-likelihood of the grade.',
    }),
  },
  { classification: [], 'multi-label': [], regression: [], ordinal: ['grades', 'link'] },
);
