import { choice, integer, list, listOrTexts, nullable, object, pathOr, text, textOrList } from '../schema/schema.ts';

const columnNames = (description: string) =>
  nullable(list(text({ description: 'Name of a column.' }), { examples: [['id', 'text', 'target']], minItems: 1, description }));

const SEGMENT = 'A column, or a template.';

const target = textOrList({
  examples: ['label'],
  items: 'Name of a column.',
  description: 'Column with the target, or a list of columns. Left out: data.target.',
});

/** What the object of any table may say; where it says nothing, `data` does. */
const ofTable = {
  id: nullable(text({ examples: ['Id'], description: 'Column that identifies a row; null: the row number. Left out: data.id.' })),
  text: textOrList({
    examples: ['tweet'],
    items: SEGMENT,
    description: 'Column with the text, a template, or a list of two for pairs. Left out: data.text.',
  }),
  encoding: text({ examples: ['latin1'], description: 'Encoding of the file. Left out: data.encoding.' }),
  columns: columnNames('Names of the columns of a table without a header; null: it has one. Left out: data.columns.'),
} as const;

export const data = object(
  'The tables. The ending of the name gives the format: csv, tsv, txt (tab-separated), jsonl, ndjson, json or parquet, each also ' +
    'with .gz or .zip. Paths are relative to the working directory.',
  {
    train: pathOr(
      'The labelled rows to train on: a path, or an object whose keys override those of data.',
      {
        ...ofTable,
        target,
      },
      'data/train.csv',
    ),
    validation: nullable(
      pathOr(
        'Labelled rows of their own to validate on: a path, or an object whose keys override those of data. One model, fold 0, is then ' +
          'trained on all of train, and split divides nothing; oof.csv holds these rows. null: train is divided into folds.',
        { ...ofTable, target },
        'data/validation.csv',
      ),
    ),
    test: nullable(
      pathOr(
        'The rows to predict: a path, or an object whose keys override those of data; null: none. Where the table has the target, the ' +
          'run measures its predictions: test/accuracy and others.',
        {
          ...ofTable,
          target: nullable(
            textOrList({
              examples: ['label'],
              items: 'Name of a column.',
              description:
                'Column with the target, or a list of columns, by which the predictions are measured; null: they are not. Left out: ' +
                'data.target, if the table has it.',
            }),
          ),
        },
        'data/test.csv',
      ),
    ),
    sample_submission: nullable(
      pathOr(
        'A table from which the submission takes its columns, their order and their types: a path, or an object; null: no ' +
          'submission is written.',
        {
          id: nullable(
            text({
              examples: ['Id'],
              description:
                'Column that identifies a row. Left out or null: data.id or data.test.id, or the column that holds the ids of the ' +
                'rows to predict.',
            }),
          ),
          encoding: ofTable.encoding,
          columns: nullable(
            listOrTexts(
              text({ description: 'Name of a column.' }),
              text({ examples: ['score'], description: 'What the column receives.' }),
              {
                examples: [['id', 'target']],
                minItems: 1,
                description:
                  'What columns receive, by their names, as in { target: probability }: prediction, probability (of the second of two ' +
                  'classes), probability:<class, label or grade>, score (the expected grade) or a target column. Columns that are not ' +
                  'named receive what the sample shows. Or a list: the names of the columns of a sample without a header; the ' +
                  'submission then has none either.',
              },
            ),
          ),
          top: nullable(
            integer({
              minimum: 1,
              examples: [3],
              description:
                'How many of the most probable classes or labels a cell lists, most probable first. Left out or null: as many as the ' +
                'cells of the sample, where these list some.',
            }),
          ),
          separator: nullable(
            text({
              examples: [','],
              description:
                'What separates the classes or labels in a cell. Left out or null: what does so in the sample, else ' +
                'data.label_separator, else a space.',
            }),
          ),
        },
        'data/sample_submission.csv',
      ),
    ),
    id: nullable(text({ examples: ['id'], description: 'Column that identifies a row; null: the row number.' })),
    text: textOrList({
      examples: ['{keyword}: {text}'],
      items: SEGMENT,
      description:
        'Column with the text, or a template that puts columns together: {keyword} stands for the value of the ' +
        'column keyword, or nothing ' +
        'where the cell is empty, and {{ and }} stand for braces. In YAML, quote a text that begins with a brace, or has a colon and a ' +
        'space in it. A list of two, [question, answer], makes pairs of texts, which the model reads together.',
    }),
    target: textOrList({
      examples: ['target'],
      items: 'Name of a column.',
      description:
        'Column with the class, the labels, the number or the grade. A list of columns: several numbers, for multi-label a column for ' +
        'each label, and for classification one for each class, with its probability in each row; their sum is 1.',
    }),
    weight: nullable(
      text({
        examples: ['confidence'],
        description:
          'Column with what a row counts in the loss that is trained, and in the baseline: a number from 0, on top of class_weights and ' +
          'pos_weight. Weights are divided by their mean; 0 leaves a row out of training. Metrics, those of validation rows too, count ' +
          'every row alike, as the scorers of scikit-learn do without sample_weight. A table of its own for validation needs no such ' +
          'column; training.refit takes its rows with the weights there, or else each with the mean. null: all rows count alike.',
      }),
    ),
    label_separator: nullable(
      text({
        examples: ['|'],
        description:
          'What separates the labels in the one target column of multi-label; an empty cell then has no label. null: a column for each ' +
          'label.',
      }),
    ),
    missing: list(text({ description: 'A text.' }), {
      default: [],
      examples: [['?']],
      description:
        'Cells of the target columns that hold no value, for multi-label and regression, besides empty cells and NA, NaN, null ' +
        'and None in any case. A missing value does not count in loss or metrics.',
    }),
    encoding: text({
      default: 'utf-8',
      examples: ['latin1'],
      description:
        'Encoding of csv, tsv, txt and JSON tables: utf-8, utf-16, latin1 (which means windows-1252), shift_jis and others, as ' +
        'WHATWG or Python spell them.',
    }),
    columns: columnNames('Names of the columns of a training table and a table to predict without headers; null: they have headers.'),
    conflicts: choice(['keep', 'drop', 'majority'], {
      default: 'keep',
      examples: ['majority'],
      description:
        'Training rows with the same text and different classes: keep them, drop them all, or give each the class that most of ' +
        'them have (majority; a tie is dropped).',
    }),
    duplicates: choice(['keep', 'drop'], {
      default: 'keep',
      description: 'Training rows with the same text and the same class: keep them, or drop all but the first.',
    }),
  },
);
