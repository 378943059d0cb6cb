import { kinds, nullable, number, orNumber, wordOrNumbers } from '../schema/schema.ts';

const weight = number({ minimum: 0, description: 'A weight.' });

export const loss = kinds(
  {
    default: 'auto',
    examples: ['focal'],
    description:
      'What training minimizes. auto: bce for two classes and for labels, cross-entropy for more classes, mse for numbers, and the ' +
      'loss of task.link for grades. bce: binary cross-entropy, for numbers too where all are from 0 to 1; they are then not ' +
      'standardized, and predictions are from 0 to 1. focal: cross-entropy in which rows that the model already ' +
      'gets right count less. huber: ' +
      'mse for small errors, mae for large ones.',
  },
  {
    label_smoothing: number({
      default: 0,
      examples: [0.1],
      minimum: 0,
      maximum: 1,
      description:
        'Share e of the target that is spread over all classes: 1 − e + e/n for the class of a row and e/n for the others of n ' +
        'classes.',
    }),
    class_weights: nullable(
      wordOrNumbers('balanced', weight, {
        examples: [{ spam: 2 }],
        description:
          'How much the rows of each class count: a mapping of classes to weights, in which a class that is left out has 1, or ' +
          'balanced: rows divided by classes times rows of the class, counted over all rows that are trained on and validated. The ' +
          'loss of a batch is the weighted mean; that of focal is divided by the number of rows. null: all alike.',
      }),
    ),
    pos_weight: nullable(
      orNumber(
        wordOrNumbers('balanced', weight, {
          examples: [2],
          description:
            'How much more a row counts where a label is 1 than where it is 0: a number, or for multi-label a mapping of labels to ' +
            'numbers, in which a label that is left out has 1. balanced: rows with 0 divided by rows with 1, for each label. With two ' +
            'classes, the second is weighted. null: both count alike.',
        }),
        { minimum: 0 },
      ),
    ),
    focal_gamma: number({
      default: 2,
      examples: [1],
      minimum: 0,
      description: 'How much less a row counts that the model gets right: the loss is multiplied by (1 − p)^focal_gamma. ' +
        '0: not less.',
    }),
    focal_alpha: nullable(
      number({
        examples: [0.25],
        minimum: 0,
        maximum: 1,
        description:
          'Weight of the second of two classes, or of the labels that are 1; the others have 1 − focal_alpha. null: both count alike.',
      }),
    ),
    huber_delta: number({
      default: 1,
      examples: [0.5],
      exclusiveMinimum: 0,
      description: 'The error from which on huber grows linearly, in standard deviations of the target.',
    }),
  },
  {
    auto: ['label_smoothing', 'class_weights', 'pos_weight'],
    'cross-entropy': ['label_smoothing', 'class_weights'],
    bce: ['label_smoothing', 'class_weights', 'pos_weight'],
    focal: ['class_weights', 'focal_gamma', 'focal_alpha'],
    mse: [],
    huber: ['huber_delta'],
    mae: [],
  },
);
