'use strict';
/* Adds up vitest's JSON reports and prints `N passed, N failed, N skipped`; fails when a report is missing or has failures. */
const fs = require('node:fs');

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  if (!fs.existsSync(file)) {
    console.error(`no test report ${file}: that run ended before it could write one`);
    sum.failed += 1;
    continue;
  }
  const report = JSON.parse(fs.readFileSync(file, 'utf8'));
  sum.passed += report.numPassedTests;
  // A file that could not be loaded has no tests of its own but is a failure all the same.
  const unloaded = report.testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  );
  sum.failed += report.numFailedTests + unloaded.length;
  sum.skipped += report.numPendingTests + (report.numTodoTests || 0);
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
