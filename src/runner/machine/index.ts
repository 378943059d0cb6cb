export { examineMachine, type MachineFinding } from './examination.ts';
