export { writeRunReportAside } from './run/aside.ts';
export { writeEvaluationReport } from './evaluation.ts';
export { writeComparisonReport } from './comparison/report.ts';
