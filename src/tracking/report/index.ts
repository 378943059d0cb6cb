export { writeRunReportAside } from './aside.ts';
export { writeComparisonReport } from './comparison-report.ts';
