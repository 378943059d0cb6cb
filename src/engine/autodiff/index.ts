export { gradients } from './gradients.ts';
export { rules } from './rules.ts';
