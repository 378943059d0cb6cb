export { bootstrapIntervals } from './bootstrap.ts';
export {
  mcnemar,
  meanAndSd,
  pairedTest,
  resampledInterval,
  wilsonInterval,
  type Interval,
  type McNemar,
  type PairedTest,
} from './significance.ts';
