export { writeRunReportAside } from './run/aside.ts';
export { writeComparisonReport } from './comparison/report.ts';
