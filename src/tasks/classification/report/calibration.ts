import { valueAt } from '../../../core/values.ts';
import { CALIBRATION_BINS, type Calibration } from '../../figures/calibration.ts';
import { calibrationBins } from '../../metrics/curves.ts';
import type { JudgedClasses } from './judged-classes.ts';

/** Of two classes the second one's probability, otherwise that of the predicted class. */
export function calibrationOf({ classes, labels, predictions, probabilities }: JudgedClasses): Calibration {
  if (classes.length === 2) {
    return { of: `probability of class ${valueAt(classes, 1)}`, bins: calibrationBins(labels, probabilities, CALIBRATION_BINS) };
  }
  const confidence = Float64Array.from(predictions, (label, row) => valueAt(probabilities, row * classes.length + label));
  const came = labels.map((label, row) => (label === predictions[row] ? 1 : 0));
  return { of: 'probability of the predicted class', bins: calibrationBins(came, confidence, CALIBRATION_BINS) };
}
