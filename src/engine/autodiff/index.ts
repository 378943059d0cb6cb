export { gradients, partials } from './gradients.ts';
