// Closes a run: every skipped test with its reason, then one plain line that counts.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const SKIPS = path.join(__dirname, '..', '..', 'dist', '.skipped-tests.jsonl');

/** Jest reporter. Reasons come from `needs()` in test/support/needs.ts, which appends one line per skipped group. */
module.exports = class ClosingLines {
  onRunStart() {
    fs.rmSync(SKIPS, { force: true });
  }

  onRunComplete(_contexts, results) {
    const failedToRun = results.testResults.filter((result) => result.testExecError).length;
    const counts = `${results.numPassedTests} passed, ${results.numFailedTests + failedToRun} failed, ${results.numPendingTests + results.numTodoTests} skipped`;
    // Jest's own summary comes after every reporter, so the closing lines wait for the very end.
    process.once('exit', () => fs.writeSync(1, [...reasons(), counts, ''].join('\n')));
  }
};

function reasons() {
  if (!fs.existsSync(SKIPS)) return [];
  const lines = fs.readFileSync(SKIPS, 'utf8').trim().split('\n').map((line) => {
    const { title, reason } = JSON.parse(line);
    return `skipped: ${title}: ${reason}`;
  });
  return [...new Set(lines)];
}
